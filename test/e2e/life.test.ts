/** Which Corefile is served, which ports and addresses are had, what signals do, and how edits are followed. */
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { dataOf, reply, until } from './ask.ts';
import { folder } from './folder.ts';
import { commands, describeWith, right } from './needs.ts';
import { type ProgramOptions, run } from './program.ts';
import { started } from './started.ts';
import { freePort } from '../support/free-port.ts';

const service = (name: string, clusterIP: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { clusterIP: ${clusterIP}, ports: [{ port: 80 }] }\n---\n`;
const nginx = { name: 'nginx.default.svc.cluster.local', type: 'A' };
const onLoopback = ['--bind', '127.0.0.1', '-dns.port', '0'];
/** Outside a pod, whatever the tests run in. */
const outside = { KUBERNETES_SERVICE_HOST: undefined };

/** A server block that answers `name` with `address`. */
const answering = (name: string, address: string, more = ''): string =>
  `. {\n${more}    hosts {\n        ${address} ${name}\n    }\n}\n`;

/** What `--print-config` prints. */
const printed = async (args: readonly string[], options: ProgramOptions): Promise<string> => {
  const { code, stdout } = await run([...args, '--print-config'], { environment: outside, ...options });
  expect(code).toBe(0);
  return stdout;
};

describe('which Corefile', () => {
  const files = {
    Corefile: answering('here.test', '192.0.2.1'),
    other: answering('other.test', '192.0.2.2'),
    'cluster.yaml': service('nginx', '10.96.0.80'),
  };
  const { Corefile: _, ...withoutCorefile } = files;
  it('-conf FILE comes before ./Corefile', async () => {
    const cwd = folder(files);
    const port = await started(['-conf', 'other', ...onLoopback], { cwd }).port();
    expect(dataOf(await reply(port, { name: 'other.test', type: 'A' }))).toEqual(['192.0.2.2']);
    expect(await printed(['-conf', 'other'], { cwd })).toBe(files.other);
  });

  it('-conf stdin reads standard input', async () => {
    const options = { cwd: folder(files), stdin: answering('piped.test', '192.0.2.3') };
    const port = await started(['-conf', 'stdin', ...onLoopback], options).port();
    expect(dataOf(await reply(port, { name: 'piped.test', type: 'A' }))).toEqual(['192.0.2.3']);
    expect(await printed(['-conf', 'stdin'], options)).toBe(options.stdin);
  });

  it('./Corefile comes before the built-in ones', async () => {
    const cwd = folder(files);
    const port = await started(['--fixture', 'cluster.yaml', ...onLoopback], { cwd }).port();
    expect(dataOf(await reply(port, { name: 'here.test', type: 'A' }))).toEqual(['192.0.2.1']);
    expect(await printed(['--fixture', 'cluster.yaml'], { cwd })).toBe(files.Corefile);
    expect(await printed([], { cwd })).toBe(files.Corefile);
  });

  it('with --fixture it is the built-in one, which gives no port and can be served as a file', async () => {
    const cwd = folder(withoutCorefile);
    const text = await printed(['--fixture', 'cluster.yaml'], { cwd });
    expect(text).toMatch(/^\. \{$/m);
    for (const directive of [
      'errors',
      'reload',
      'local',
      'searchpath',
      'kubernetes cluster.local in-addr.arpa ip6.arpa',
    ]) {
      expect(text).toMatch(new RegExp(`^    ${directive}`, 'm'));
    }
    for (const option of ['complete', 'short_names', 'pods insecure', 'fallthrough in-addr.arpa ip6.arpa', 'ttl 5']) {
      expect(text).toMatch(new RegExp(`^        ${option}$`, 'm'));
    }
    writeFileSync(`${cwd}/Corefile`, text);
    const port = await started(['--fixture', 'cluster.yaml', ...onLoopback], { cwd }).port();
    expect(dataOf(await reply(port, nginx))).toEqual(['10.96.0.80']);
  });

  it('without anything it is the example, also where only the environment looks like a pod', async () => {
    const cwd = folder({});
    const example = await printed([], { cwd });
    expect(example).toContain('short_names');
    expect(await printed([], { cwd, environment: { KUBERNETES_SERVICE_HOST: '10.96.0.1' } })).toBe(example);
  });
});

describe('the example cluster', () => {
  it('is served on loopback only, and three lines say what, where, and which dig to try', async () => {
    const port = await freePort();
    const program = started(['-dns.port', String(port)], { cwd: folder({}), environment: outside });
    await program.printed(/dig .*\n/);
    const [what, where, dig, ...more] = program.stdout.split('\n');
    expect(what).toMatch(/example cluster of .*manifests\/examples\/? as cluster\.local/);
    expect(where).toMatch(new RegExp(`127\\.0\\.0\\.1.* port ${port}\\b`));
    expect(dig?.trim()).toBe(`dig @localhost -p ${port} nginx.default.svc.cluster.local`);
    expect(more).toEqual(['']);
    expect(dataOf(await reply(port, nginx))).toHaveLength(1);
    const headless = await reply(port, { name: 'nginx-headless.default.svc.cluster.local', type: 'A' });
    expect(dataOf(headless)).toHaveLength(3);
    const short = dataOf(await reply(port, { name: 'nginx', type: 'A' }));
    expect(short).toEqual([...dataOf(await reply(port, nginx)), 'nginx.default.svc.cluster.local'].toSorted());
  });
});

describe('a port that cannot be had', () => {
  it('in use, from the command line: one line with the way out, exit 1', async () => {
    const cwd = folder({ 'cluster.yaml': service('nginx', '10.96.0.80') });
    const port = await started(['--fixture', 'cluster.yaml', ...onLoopback], { cwd }).port();
    const words = ['--fixture', 'cluster.yaml', '--bind', '127.0.0.1', '-dns.port', String(port)];
    const { code, stdout, stderr } = await run(words, { cwd });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^127\\.0\\.0\\.1 port ${port} is in use.*-dns\\.port 1053.*dig -p 1053\\n$`));
  });

  it('in use, from the Corefile: the message names its key', async () => {
    const port = await started([...onLoopback], { cwd: folder({ Corefile: '. {\n whoami\n}\n' }) }).port();
    const cwd = folder({ Corefile: `# first\n.:${port} {\n    whoami\n}\n` });
    const { code, stderr } = await run(['--bind', '127.0.0.1'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^[^\\n]*port ${port} is in use[^\\n]*Corefile:2: \\.:${port}[^\\n]*\\n$`));
  });
});

/** Runs the program in a new network namespace, prepared by a line of shell. */
const within = (prepare: string, ...more: readonly string[]): readonly string[] => {
  const script = `ip link set lo up && ${prepare} && exec "$@"`;
  return ['unshare', '--map-root-user', '--net', 'sh', '-c', script, 'sh', ...more];
};

const namespaces =
  commands('unshare', 'ip', 'setpriv') ?? right('a network namespace', 'unshare', '--map-root-user', '--net', 'true');

describeWith('port 53 of a machine of its own', namespaces, () => {
  const withoutRight = ['setpriv', '--bounding-set', '-net_bind_service', '--inh-caps', '-net_bind_service'];
  const cwd = '/';

  it('not allowed: one line with the way out, exit 1', async () => {
    const options = { cwd, environment: outside, within: within('true', ...withoutRight) };
    const { code, stdout, stderr } = await run([], options);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^127\.0\.0\.1 port 53 is not allowed.*-dns\.port 1053.*dig -p 1053\n$/);
  });

  it('not allowed, but another port is', async () => {
    const options = { cwd, environment: outside, within: within('true', ...withoutRight) };
    await started(['-dns.port', '1053'], options).printed(/dig @localhost -p 1053 /);
  });

  it('had: the dig needs no port', async () => {
    const program = started([], { cwd, environment: outside, within: within('true') });
    await program.printed(
      /^on 127\.0\.0\.1 and ::1, port 53, .*\n\s+dig @localhost nginx\.default\.svc\.cluster\.local\n/m,
    );
  });

  it('without ::1: one line, and 127.0.0.1 is served', async () => {
    const program = started([], { cwd, environment: outside, within: within('ip address delete ::1/128 dev lo') });
    await program.printed(/dig @localhost /);
    expect(program.stdout).toMatch(/^\[WARNING\] this machine has no address ::1: not served there\n/);
    expect(program.stdout).toMatch(/^on 127\.0\.0\.1, port 53, /m);
  });
});

describe('an address that the machine lacks', () => {
  it('is one line and not the end', async () => {
    const cwd = folder({ Corefile: '. {\n whoami\n}\n' });
    const program = started(['--bind', '192.0.2.77', ...onLoopback], { cwd });
    const port = await program.port();
    expect(program.stdout.match(/192\.0\.2\.77/g)).toHaveLength(1);
    expect((await reply(port, { name: 'x.test', type: 'A' })).rcode).toBe('NOERROR');
  });

  it('is the end where there is no other', async () => {
    const cwd = folder({ Corefile: '. {\n whoami\n}\n' });
    const { code, stderr } = await run(['--bind', '192.0.2.77', '-dns.port', '0'], { cwd });
    expect(code).toBe(1);
    expect(stderr).not.toBe('');
  });
});

describe('signals', () => {
  it.each([
    ['SIGTERM', '[INFO] SIGTERM: Shutting down servers then terminating'],
    ['SIGINT', '[INFO] SIGINT: Shutting down'],
  ] as const)('%s ends the program with status 0', async (signal, line) => {
    const program = started(onLoopback, { cwd: folder({ Corefile: '. {\n whoami\n}\n' }) });
    await program.port();
    program.signal(signal);
    const { code, stdout, stderr } = await program.ended();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(line);
  });

  it('SIGTERM may come twice, as under npm: the first one is seen through', async () => {
    const corefile = '. {\n whoami\n health 127.0.0.1:0 {\n lameduck 1s\n }\n}\n';
    const program = started(onLoopback, { cwd: folder({ Corefile: corefile }) });
    const port = await program.port();
    program.signal('SIGTERM');
    await program.printed(/Going into lameduck mode/);
    program.signal('SIGTERM');
    expect((await reply(port, { name: 'x.test', type: 'A' })).rcode).toBe('NOERROR');
    const { code, signal, stdout } = await program.ended();
    expect({ code, signal }).toEqual({ code: 0, signal: null });
    expect(stdout.match(/SIGTERM/g)).toHaveLength(1);
  });

  it('SIGTERM lets go of clients that keep a connection open', async () => {
    const program = started(onLoopback, { cwd: folder({ Corefile: '. {\n whoami\n}\n' }) });
    const idle = connect(await program.port(), '127.0.0.1');
    await once(idle, 'connect', { signal: AbortSignal.timeout(5_000) });
    idle.on('error', () => undefined);
    program.signal('SIGTERM');
    expect((await program.ended()).code).toBe(0);
    idle.destroy();
  });

  it('SIGHUP is ignored', async () => {
    const program = started(onLoopback, { cwd: folder({ Corefile: '. {\n whoami\n}\n' }) });
    const port = await program.port();
    program.signal('SIGHUP');
    expect((await reply(port, { name: 'x.test', type: 'A' })).rcode).toBe('NOERROR');
  });

  it('SIGUSR1 reads the Corefile again, which says so in the log', async () => {
    const cwd = folder({ Corefile: answering('a.test', '192.0.2.1') });
    const program = started(onLoopback, { cwd });
    const port = await program.port();
    writeFileSync(`${cwd}/Corefile`, answering('a.test', '192.0.2.2'));
    program.signal('SIGUSR1');
    await program.printed(/^\[INFO\] SIGUSR1: Reloading\n\[INFO\] Reloading\n\[INFO\] Reloading complete\n/m);
    expect(dataOf(await reply(port, { name: 'a.test', type: 'A' }))).toEqual(['192.0.2.2']);
  });

  it('SIGUSR1 with a broken Corefile leaves what was served, and says what is wrong', async () => {
    const cwd = folder({ Corefile: answering('a.test', '192.0.2.1') });
    const program = started(onLoopback, { cwd });
    const port = await program.port();
    writeFileSync(`${cwd}/Corefile`, '. {\n    wohami\n}\n');
    program.signal('SIGUSR1');
    await program.printed(/^\[ERROR\] .*Corefile:2:5: /m);
    expect(dataOf(await reply(port, { name: 'a.test', type: 'A' }))).toEqual(['192.0.2.1']);
  });

  it.runIf(process.platform === 'linux')(
    'SIGUSR1 during the start is not lost, and does not open the debugger',
    async () => {
      const cwd = folder({ 'cluster.yaml': service('nginx', '10.96.0.80') });
      const program = started(['--fixture', 'cluster.yaml', ...onLoopback], { cwd });
      await untilParsing(program.pid);
      expect(program.stdout).toBe('');
      program.signal('SIGUSR1');
      await program.printed(/^\[INFO\] Reloading complete\n/m);
      expect(program.stderr).toBe('');
    },
  );
});

/** Resolves as soon as the program has started the process that parses manifests, long before it is ready itself. */
async function untilParsing(pid: number): Promise<void> {
  const end = performance.now() + 10_000;
  while (readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8') === '') {
    if (performance.now() > end) throw new Error('the program never started to parse its manifests');
    // oxlint-disable-next-line no-await-in-loop
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

describe('edits are followed', () => {
  it('of a file of manifests', async () => {
    const cwd = folder({ 'cluster.yaml': service('nginx', '10.96.0.80') });
    const port = await started(['--fixture', 'cluster.yaml', ...onLoopback], { cwd }).port();
    appendFileSync(`${cwd}/cluster.yaml`, service('new', '10.96.0.81'));
    const added = { ...nginx, name: 'new.default.svc.cluster.local' };
    await until(port, added, (answer) => dataOf(answer)[0] === '10.96.0.81');
    writeFileSync(`${cwd}/cluster.yaml`, service('nginx', '10.96.0.99'));
    await until(port, nginx, (answer) => dataOf(answer)[0] === '10.96.0.99');
    await until(port, added, (answer) => answer.rcode === 'NXDOMAIN');
  });

  it('of a folder of manifests: files that come, change their name, and are broken for a while', async () => {
    const cwd = folder({ 'all/one.yaml': service('one', '10.96.0.1') });
    const program = started(['--fixture', 'all', ...onLoopback], { cwd });
    const port = await program.port();
    writeFileSync(`${cwd}/all/nginx.yaml`, service('nginx', '10.96.0.80'));
    await until(port, nginx, (answer) => dataOf(answer)[0] === '10.96.0.80');
    writeFileSync(`${cwd}/all/nginx.yaml`, 'kind: [\n');
    await program.printed(/^\[ERROR\] fixture: all\/nginx\.yaml:\d+: \S/m);
    expect(dataOf(await reply(port, nginx))).toEqual(['10.96.0.80']);
    writeFileSync(`${cwd}/new.yaml`, service('nginx', '10.96.0.81'));
    renameSync(`${cwd}/new.yaml`, `${cwd}/all/nginx.yaml`);
    await until(port, nginx, (answer) => dataOf(answer)[0] === '10.96.0.81');
  });

  it('of a Corefile with `reload`', async () => {
    const reloading = '    reload 2s 1s\n';
    const cwd = folder({ Corefile: answering('a.test', '192.0.2.1', reloading) });
    const program = started(onLoopback, { cwd });
    const port = await program.port();
    writeFileSync(`${cwd}/Corefile`, answering('a.test', '192.0.2.2', reloading));
    const question = { name: 'a.test', type: 'A' };
    await until(port, question, (answer) => dataOf(answer)[0] === '192.0.2.2');
    await program.printed(/^\[INFO\] Reloading complete\n/m);
  });
});
