/** What is said at start: which zones are served where, and for the example cluster what to try. */
import { version } from '../version.ts';
import { ANY_ADDRESS } from '../server/listen-address.ts';
import type { UdpKind } from '../transport/udp-transport.ts';
import type { ChosenConfiguration } from './configuration.ts';

interface ServedZone {
  readonly zone: string;
  readonly address: string;
  readonly port: number;
}

/** Whole lines, as CoreDNS writes them; three lines of another kind for the example. */
export function startText(zones: readonly ServedZone[], chosen: ChosenConfiguration, udp: UdpKind): string {
  if (chosen.isExample) return exampleText(zones, chosen);
  const lines = zones
    .map(({ zone, address, port }) => `${zone}:${port}${address === ANY_ADDRESS ? '' : ` on ${address}`}`)
    .toSorted();
  const system = `${process.platform}/${process.arch}, node ${process.versions.node}`;
  return [...lines, `Nodens-${version}`, `${system}, UDP by ${udp}`, ''].join('\n');
}

const REACHED_AS_LOCALHOST: ReadonlySet<string> = new Set([ANY_ADDRESS, '127.0.0.1']);

function exampleText(zones: readonly ServedZone[], chosen: ChosenConfiguration): string {
  const port = zones[0]?.port ?? 0;
  const [address = ''] = zones.map((zone) => zone.address);
  const at = REACHED_AS_LOCALHOST.has(address) ? 'localhost' : address;
  const everywhere = zones.some((zone) => zone.address === ANY_ADDRESS);
  const addresses = everywhere ? 'all addresses' : [...new Set(zones.map((zone) => zone.address))].join(' and ');
  return [
    `Nodens ${version} serves the example cluster of ${chosen.fixtures.join(' ')} as cluster.local`,
    `on ${addresses}, port ${port}, UDP and TCP. Stop it with Ctrl-C. Try:`,
    `    dig @${at}${port === 53 ? '' : ` -p ${port}`} nginx.default.svc.cluster.local`,
    '',
  ].join('\n');
}
