/**
 * The `k8s_external` directive: answers the Services of a cluster for clients outside of it, by their external addresses
 * (README.md beside this file is its manual page). The cluster is that of `kubernetes` in the same server block.
 */
import { followSerial } from '../follow-serial.ts';
import { onlyUse } from '../once.ts';
import type { PluginDirective } from '../plugin.ts';
import { contentsOf } from './contents.ts';
import { K8sExternal } from './external.ts';
import { readExternal } from './options.ts';

export const k8sExternal: PluginDirective = {
  kind: 'plugin',
  name: 'k8s_external',
  answers: true,
  configure(uses, context) {
    const options = readExternal(onlyUse(uses, context.problems), context);
    if (context.problems.hasErrors) return undefined;
    return {
      create(host) {
        const plugin = new K8sExternal(options, host);
        for (const zone of plugin.zones) {
          if (zone.isReverse) continue;
          host.neighbours.zones.push({
            name: zone.name,
            contents: () => plugin.cluster && contentsOf(zone, plugin.cluster, options.headless),
            onChange: (changed) => followSerial(plugin.serialSource, changed),
          });
        }
        return { plugin };
      },
    };
  },
};
