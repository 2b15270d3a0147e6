/**
 * One Corefile with every directive that a stock file of some distribution has and that stands in the way of a query, as it is
 * written there: kubeadm's, and what AKS, Gardener, K3s, minikube and OpenShift add to it.
 */
import { type KubeadmOptions, kubeadmCorefile } from './kubeadm.ts';

const FURTHER = String.raw`    bufsize 1232
    log . {
       class error
    }
    rewrite stop {
       name regex (^(?:[^\.]+\.)+)svc\.cluster\.local\.svc\.cluster\.local {1}svc.cluster.local
       answer name (^(?:[^\.]+\.)+)svc\.cluster\.local {1}svc.cluster.local.svc.cluster.local
       answer value (^(?:[^\.]+\.)+)svc\.cluster\.local {1}svc.cluster.local.svc.cluster.local
    }
    rewrite stop {
       name regex (.*)\.gardener\.cloud\.svc\.cluster\.local {1}.gardener.cloud
       answer name (.*)\.gardener\.cloud {1}.gardener.cloud.svc.cluster.local
       answer value (.*)\.gardener\.cloud {1}.gardener.cloud.svc.cluster.local
    }
    hosts {
       192.168.49.1 host.minikube.internal
       fallthrough
    }
    template ANY ANY internal.cloudapp.net {
       match "^(?:[^.]+\.){4,}internal\.cloudapp\.net\.$"
       rcode NXDOMAIN
       fallthrough
    }
    template ANY ANY reddog.microsoft.com {
       rcode NXDOMAIN
    }
`;

export function stockCorefile(options: KubeadmOptions): string {
  const { dns } = options;
  return `${kubeadmCorefile({ ...options, further: FURTHER })}hostname.bind:${dns} {
    bind 127.0.0.1
    chaos
}
`;
}
