/**
 * Where the built-in Corefile hands names on that are not the cluster's: to the servers of /etc/resolv.conf, but never to
 * itself. In: the text of that file and where the program will listen. Out: a line for the Corefile, or why there is none.
 */
import { isIP } from 'node:net';
import { expandBind, isReachedAt } from '../server/bind-addresses.ts';

export const RESOLV_CONF = '/etc/resolv.conf';

export interface Upstreams {
  /** `forward …`; undefined where there is nobody to ask. */
  readonly line: string | undefined;
  /** What the person who started the program should know; undefined where everything is as expected. */
  readonly remark: string | undefined;
}

/** Servers listen at this port where resolv.conf names them. */
const PORT = 53;

/**
 * @param text of resolv.conf; undefined where it cannot be read
 * @param port that the program serves
 * @param bind addresses or names of interfaces that it is bound to; empty for all of the machine
 */
export function findUpstreams(text: string | undefined, port: number, bind: readonly string[]): Upstreams {
  if (text === undefined) return nobody(`${RESOLV_CONF} cannot be read`);
  const words = [...text.matchAll(/^[ \t]*nameserver[ \t]+([^\s#;]+)/gm)].map(([, word = '']) => word);
  const servers = words.filter((word) => isIP(word) !== 0);
  if (servers.length === 0) return nobody(`${RESOLV_CONF} names no server`);
  const bound = expandBind(bind, []);
  const others = port === PORT ? servers.filter((server) => !isReachedAt(bound, server)) : servers;
  if (others.length === 0) return nobody(`${RESOLV_CONF} names only this server`);
  if (others.length === servers.length) return { line: `forward . ${RESOLV_CONF}`, remark: undefined };
  return {
    line: `forward . ${others.join(' ')}`,
    remark: `${RESOLV_CONF} names this server too: names outside the cluster are asked of ${others.join(' and ')}`,
  };
}

function nobody(why: string): Upstreams {
  return { line: undefined, remark: `${why}: names outside the cluster are not answered` };
}
