/**
 * A view on a cluster's state: what one `kubernetes` directive shows of it, and how it names it. Several views may look
 * at one state.
 */
import type { Name } from '../dns/name.ts';
import type { ServiceEndpoints } from './endpoints.ts';
import type { Dependent } from './facts.ts';
import { type Found, NO_NAME } from './found.ts';
import type { Service } from './objects.ts';
import type { Selector } from './selector.ts';
import type { ClusterState } from './state.ts';

export type PodMode = 'disabled' | 'insecure' | 'verified';

/** Tells whether a label set is selected. */
export type LabelMatcher = (labels: Readonly<Record<string, string>>) => boolean;

export interface ViewOptions {
  /** The zone that PTR records point into. */
  readonly primaryZone: Name;
  /** Seconds, for all records but the version's. */
  readonly ttl: number;
  readonly pods: PodMode;
  /** Endpoints without a hostname are named after their pod. */
  readonly endpointPodNames: boolean;
  /** Endpoints are not known: headless Services and endpoint names do not exist. */
  readonly noEndpoints: boolean;
  /** A Service with a cluster IP and no ready endpoint does not exist. */
  readonly ignoreEmptyService: boolean;
  /** Names of topology zones are answered. */
  readonly zonal: boolean;
  /** Services of several clusters are shown too, in zones of their own. */
  readonly imports?: boolean;
  /** Only these namespaces are shown; undefined for all. */
  readonly namespaces: ReadonlySet<string> | undefined;
  /** Only namespaces with such labels are shown; undefined for all. */
  readonly namespaceLabels: LabelMatcher | undefined;
  /** Only Services, EndpointSlices and Pods that meet it are known; left out for all. */
  readonly labels?: Selector | undefined;
}

export class ClusterView {
  readonly state: ClusterState;
  readonly options: ViewOptions;
  /** What a name gives whose namespace is not shown. */
  readonly noNamespace: Found;
  /** What a name gives whose Service is not known. */
  readonly noService: Found;

  constructor(state: ClusterState, options: ViewOptions) {
    this.state = state;
    this.options = options;
    const showsAll = options.namespaces === undefined && options.namespaceLabels === undefined;
    this.noNamespace = showsAll ? NO_NAME.noSuchNamespace : NO_NAME.noShownNamespace;
    this.noService = options.labels === undefined ? NO_NAME.noSuchService : NO_NAME.noSelectedService;
  }

  /** False where the namespace is not shown, whether it exists or not. */
  mayShow(namespace: string): boolean {
    const { namespaces } = this.options;
    return namespaces === undefined || namespaces.has(namespace);
  }

  /** The ready endpoints of a Service, as `ClusterState.endpointsOf` has them. */
  endpointsOf(service: Service): ServiceEndpoints {
    return this.state.endpointsOf(service);
  }

  /** True where the namespace exists and is shown. */
  shows(asker: Dependent, namespace: string): boolean {
    if (!this.mayShow(namespace)) return false;
    const { namespaceLabels } = this.options;
    const found = this.state.namespace(asker, namespace);
    return found !== undefined && (namespaceLabels === undefined || namespaceLabels(found.labels));
  }
}
