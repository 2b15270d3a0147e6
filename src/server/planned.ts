/** What is to be served, as it has been read off a Corefile (plan.ts): blocks, their plugins, and files beside it. */
import type { Token } from '../corefile/corefile.ts';
import type { Name } from '../dns/name.ts';
import type { BlockSettings, PluginSetup, ReadFile } from '../plugins/plugin.ts';
import type { ListenAddress } from './listen-address.ts';

export interface PlannedPlugin {
  readonly name: string;
  /** What stands in the Corefile, for telling whether it is the same as before. */
  readonly text: string;
  /** It stands in the chain; others serve beside it. */
  readonly inChain: boolean;
  readonly setup: PluginSetup;
}

export interface PlannedBlock {
  /** Each zone of the block with the addresses at which it is served. */
  readonly served: readonly { readonly zone: Name; readonly at: ListenAddress; readonly key: Token }[];
  readonly plugins: readonly PlannedPlugin[];
  readonly settings: BlockSettings;
  readonly anyClass: boolean;
  /** Name of its `view`; left out where it has none, and takes all questions for its zones. */
  readonly view?: string | undefined;
}

export interface ServerPlan {
  readonly blocks: readonly PlannedBlock[];
  /** How often the Corefile is looked at for changes; undefined where no block has `reload`. */
  readonly reload: BlockSettings['reload'];
  readonly debug: boolean;
  /** Files beside the Corefile whose change is a reason to reload. */
  readonly files: readonly ReadFile[];
}
