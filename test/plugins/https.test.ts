/** `https`: its one option. What it does to connections is tested with the sockets. */
import { describe, expect, it } from 'vitest';
import { https } from '../../src/plugins/https/https.ts';
import { expectProblem } from './problems.ts';
import { settingsOf } from './support.ts';

describe('https', () => {
  it.each([
    ['max_connections 100', 100],
    ['max_connections 1', 1],
    ['max_connections 65535', 65_535],
    // CoreDNS's word for no limit.
    ['max_connections 0', 65_535],
  ])('%s', (option, expected) => {
    const { settings, problems } = settingsOf(https, `https {\n  ${option}\n}`);
    expect(problems).toEqual([]);
    expect(settings.httpsConnections).toBe(expected);
  });

  it.each([
    ['https', "'https' sets nothing"],
    ['https {\n}', "'https' sets nothing"],
    ['https 100 {\n  max_connections 100\n}', "'https' takes no arguments"],
    ['https {\n  max_connections\n}', "'max_connections' needs an argument"],
    ['https {\n  max_connections 1 2\n}', "'max_connections' takes at most 1 argument"],
    ['https {\n  max_connections many\n}', "'many' is not a whole number"],
    ['https {\n  max_connections -1\n}', 'max_connections must be in range [0, 65535]: -1'],
    ['https {\n  max_connections 65536\n}', 'max_connections must be in range [0, 65535]: 65536'],
    ['https {\n  max_connections 1\n  max_connections 2\n}', "'max_connections' is given twice"],
    ['https {\n  max_connections 1 {\n  }\n}', "'max_connections' takes no block"],
    ['https {\n  max_connection 1\n}', "did you mean 'max_connections'?"],
    ['https {\n  max_connections 1\n}\nhttps {\n  max_connections 1\n}', "'https' can be used once per server block"],
  ])('%s is reported', (lines, message) => {
    expectProblem(settingsOf(https, lines).problems, message);
  });
});
