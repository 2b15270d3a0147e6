/**
 * How tests speak UDP: as the program does by default, in batches where they are there, or as NODENS_TEST_UDP says:
 *
 *     NODENS_TEST_UDP=dgram npm test
 */
import { type UdpTransport, chooseUdp, chosenUdp, udpKinds } from '../../src/transport/udp-transport.ts';

const wanted = udpKinds.find((kind) => kind === process.env['NODENS_TEST_UDP']);

export const testUdp: UdpTransport = chosenUdp(
  chooseUdp(wanted, (line) => {
    throw new Error(line);
  }),
);

/** The flag of the program for the same; none where nothing is said. */
export const udpFlags: readonly string[] = wanted === undefined ? [] : ['--udp', wanted];
