/** The command line as manifests, scripts and people rely on it: flags, commands, what they print, and exit codes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reply } from './ask.ts';
import { folder } from './folder.ts';
import { checkout, run, untilAnswering } from './program.ts';
import { started } from './started.ts';
import { freePort } from '../support/free-port.ts';

const service = (name: string, clusterIP: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { clusterIP: ${clusterIP}, ports: [{ port: 80 }] }\n`;
const nginx = { name: 'nginx.default.svc.cluster.local', type: 'A' };

describe('flags', () => {
  it.each(['-version', '--version', '-version=true'])('%s prints the version of package.json', async (flag) => {
    const version = /^ {2}"version": "([^"]+)",$/m.exec(readFileSync(`${checkout}package.json`, 'utf8'))?.[1];
    expect(await run([flag])).toEqual({ code: 0, signal: null, stdout: `Nodens-${version}\n`, stderr: '' });
  });

  it.each(['-help', '--help'])('%s names every flag and command', async (flag) => {
    const { code, stdout } = await run([flag]);
    expect(code).toBe(0);
    const words = [
      'serve',
      'check',
      '-conf',
      '-dns.port',
      '-p ',
      '-pidfile',
      '-plugins',
      '-quiet',
      '-version',
      '--bind',
    ];
    for (const word of [...words, '--fixture', '--print-config', '--help']) expect(stdout).toContain(word);
  });

  it.each(['-plugins', '--plugins'])('%s lists the directives', async (flag) => {
    const { code, stdout } = await run([flag]);
    expect(code).toBe(0);
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining(['errors', 'reload', 'local', 'searchpath', 'kubernetes']),
    );
  });

  it.each([
    ['one dash, a space', ['-dns.port', 'PORT', '-bind', '127.0.0.1', '-fixture', '-']],
    ['one dash, an equals sign', ['-dns.port=PORT', '-bind=127.0.0.1', '-fixture=-']],
    ['two dashes, a space', ['--dns.port', 'PORT', '--bind', '127.0.0.1', '--fixture', '-']],
    ['two dashes, an equals sign', ['--dns.port=PORT', '--bind=127.0.0.1', '--fixture=-']],
    ['-p', ['-p', 'PORT', '--bind', '127.0.0.1', '--fixture', '-']],
    ['the command written out', ['serve', '-p=PORT', '--bind', '127.0.0.1', '--fixture', '-']],
  ])('are taken with %s', async (_, args) => {
    const port = await freePort();
    const words = args.map((word) => word.replace('PORT', String(port)));
    const program = started(words, { cwd: folder({}), stdin: service('nginx', '10.96.0.80') });
    expect(await program.port()).toBe(port);
    expect(await reply(port, nginx)).toMatchObject({ answers: [{ data: '10.96.0.80' }] });
  });

  it.each([
    ['-dns.prot', ['-dns.prot', '1053'], /^unknown flag '-dns\.prot'; did you mean '-dns\.port'\?$/],
    ['--fixtures', ['--fixtures=x'], /^unknown flag '--fixtures=x'; did you mean '-fixture'\?$/],
    ['sevre', ['sevre'], /^unexpected argument 'sevre'; did you mean the command 'serve'/],
    ['a second word', ['serve', 'Corefile'], /^unexpected argument 'Corefile'; flags begin with a dash/],
    ['a folder', ['manifests'], /^unexpected argument 'manifests'; to serve these manifests: --fixture manifests$/],
    ['--config', ['--config', 'Corefile'], /^unknown flag '--config'; did you mean '-conf'\?$/],
    ['the word version', ['version'], /^unexpected argument 'version'; did you mean the flag '-version'\?$/],
    ['the word help', ['help'], /^unexpected argument 'help'; did you mean the flag '--help'\?$/],
    ['-port', ['-port', '1053'], /^unknown flag '-port'; did you mean '-dns\.port'\?$/],
    ['an empty value', ['-fixture='], /^flag '-fixture' needs a value$/],
    [
      'a pidfile in no folder',
      ['-pidfile', '/no/such/folder/pid'],
      /^-pidfile \/no\/such\/folder\/pid cannot be written/,
    ],
    ['no value', ['-conf'], /^flag '-conf' needs a value$/],
    ['a value too many', ['-quiet=loud'], /^flag '-quiet' takes no value$/],
    [
      'a port behind an address to bind to',
      ['--bind', '127.0.0.1:1053'],
      /^--bind: '127\.0\.0\.1:1053' is neither an address nor the name of an interface; expected an address .*; did you mean '127\.0\.0\.1'\?$/,
    ],
    [
      'brackets around an address to bind to',
      ['--bind', '127.0.0.1', '--bind', '[::1]'],
      /^--bind: '\[::1\]' .*without brackets, port and mask, .*; did you mean '::1'\?$/,
    ],
    [
      'two addresses to bind to in one',
      ['--bind', '127.0.0.1,::1'],
      /^--bind: '127\.0\.0\.1,::1' is neither an address nor the name of an interface; expected an address such as/,
    ],
    [
      'a host to bind to',
      ['--bind', 'localhost'],
      /^--bind: 'localhost' is the name of a host; expected an address or an interface, such as 127\.0\.0\.1$/,
    ],
    ['no port', ['-dns.port', '65536'], /^'65536' is not a port; expected a number from 0 to 65535$/],
  ])('that are wrong, %s, end the program with one line that says what is right', async (_, args, message) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trimEnd()).toMatch(message);
  });

  it('-pidfile holds the process id while the program runs', async () => {
    const cwd = folder({ 'cluster.yaml': service('nginx', '10.96.0.80') });
    const words = ['--fixture', 'cluster.yaml', '-pidfile', 'nodens.pid', '--bind', '127.0.0.1', '-dns.port', '0'];
    const program = started(words, { cwd });
    await program.port();
    expect(readFileSync(`${cwd}/nodens.pid`, 'utf8')).toBe(`${program.pid}\n`);
    program.signal('SIGTERM');
    expect((await program.ended()).code).toBe(0);
    expect(() => readFileSync(`${cwd}/nodens.pid`)).toThrow('ENOENT');
  });

  it('-pidfile stays that of the server that runs where another cannot start', async () => {
    const cwd = folder({ Corefile: '. {\n whoami\n}\n' });
    const words = ['-pidfile', 'nodens.pid', '--bind', '127.0.0.1', '-dns.port'];
    const program = started([...words, '0'], { cwd });
    const port = await program.port();
    const { code, stderr } = await run([...words, String(port)], { cwd });
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('in use by another program') });
    expect(readFileSync(`${cwd}/nodens.pid`, 'utf8')).toBe(`${program.pid}\n`);
  });

  it('-pidfile is left where it holds the process id of another program at the end', async () => {
    const cwd = folder({ Corefile: '. {\n whoami\n}\n' });
    const program = started(['-pidfile', 'nodens.pid', '--bind', '127.0.0.1', '-dns.port', '0'], { cwd });
    await program.port();
    writeFileSync(`${cwd}/nodens.pid`, '1\n');
    program.signal('SIGTERM');
    expect((await program.ended()).code).toBe(0);
    expect(readFileSync(`${cwd}/nodens.pid`, 'utf8')).toBe('1\n');
  });

  it('-pidfile that turns out not to be writable ends the program', async () => {
    const cwd = folder({ Corefile: '. {\n whoami\n}\n' });
    const { code, stdout, stderr } = await run(['-pidfile', '.', '--bind', '127.0.0.1', '-dns.port', '0'], { cwd });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^-pidfile \. cannot be written: \S/);
  });

  it('an interface that is not there is told as one', async () => {
    const cwd = folder({ Corefile: '. {\n whoami\n}\n' });
    const { code, stdout } = await run(['--bind', 'no-such-if', '-dns.port', '0'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toBe('[WARNING] this machine has no interface no-such-if: not served there\n');
  });

  it('-quiet prints nothing at start', async () => {
    const port = await freePort();
    const words = ['-quiet', '--fixture', '-', '--bind', '127.0.0.1', '-dns.port', String(port)];
    const program = started(words, { cwd: folder({}) });
    await untilAnswering(port);
    expect(program.stdout).toBe('');
    program.signal('SIGTERM');
    expect((await program.ended()).stdout).toBe('[INFO] SIGTERM: Shutting down servers then terminating\n');
  });

  it('--bind is for blocks without `bind`, and may be repeated', async () => {
    const corefile = 'a.test { whoami\n bind 127.0.0.2\n }\nb.test {\n whoami\n }\n';
    const words = ['--bind', '127.0.0.1', '--bind', '127.0.0.3', '-dns.port', String(await freePort())];
    const program = started(words, { cwd: folder({ Corefile: corefile }) });
    const port = await program.port();
    const ask = async (name: string, address: string): Promise<string> =>
      (await reply(port, { name, type: 'A' }, { address })).rcode;
    expect(await ask('a.test', '127.0.0.2')).toBe('NOERROR');
    expect(await ask('b.test', '127.0.0.2')).toBe('REFUSED');
    expect(await ask('b.test', '127.0.0.1')).toBe('NOERROR');
    expect(await ask('b.test', '127.0.0.3')).toBe('NOERROR');
    expect(await ask('a.test', '127.0.0.1')).toBe('REFUSED');
  });

  it('-dns.port leaves alone a port that the Corefile gives', async () => {
    const [given, moved] = [await freePort(), await freePort()];
    const cwd = folder({ Corefile: `a.test:${given} {\n whoami\n }\nb.test {\n whoami\n }\n` });
    const program = started(['--bind', '127.0.0.1', '-dns.port', String(moved)], { cwd });
    await program.port();
    expect((await reply(given, { name: 'a.test', type: 'A' })).rcode).toBe('NOERROR');
    expect((await reply(moved, { name: 'b.test', type: 'A' })).rcode).toBe('NOERROR');
    expect((await reply(moved, { name: 'a.test', type: 'A' })).rcode).toBe('REFUSED');
  });
});

describe('--fixture', () => {
  const flags = ['--bind', '127.0.0.1', '-dns.port', '0'];

  it('may be repeated: files, folders and standard input together', async () => {
    const cwd = folder({ 'one.yaml': service('one', '10.96.0.1'), 'more/two.yml': service('two', '10.96.0.2') });
    const fixtures = ['--fixture', 'one.yaml', '--fixture', 'more', '--fixture', '-'];
    const program = started([...fixtures, ...flags], { cwd, stdin: service('three', '10.96.0.3') });
    const port = await program.port();
    for (const [name, data] of [
      ['one', '10.96.0.1'],
      ['two', '10.96.0.2'],
      ['three', '10.96.0.3'],
    ]) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await reply(port, { ...nginx, name: `${name}.default.svc.cluster.local` })).toMatchObject({
        answers: [{ data }],
      });
    }
  });

  it('ends the program where a file named on the command line is broken, with file, line and reason', async () => {
    const cwd = folder({ 'broken.yaml': `${service('nginx', '10.96.0.80')}---\nkind: [\n` });
    const { code, stderr } = await run(['--fixture', 'broken.yaml', ...flags], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/broken\.yaml:\d+: \S/);
  });

  it('ends the program where a path named on the command line is not there', async () => {
    const { code, stderr } = await run(['--fixture', 'nowhere.yaml', ...flags], { cwd: folder({}) });
    expect(code).toBe(1);
    expect(stderr).toContain('nowhere.yaml');
  });

  it('serves the rest of a folder that has a broken file, and reports that one', async () => {
    const cwd = folder({ 'all/broken.yaml': 'kind: [\n', 'all/nginx.yaml': service('nginx', '10.96.0.80') });
    const program = started(['--fixture', 'all', ...flags], { cwd });
    const port = await program.port();
    expect(await reply(port, nginx)).toMatchObject({ answers: [{ data: '10.96.0.80' }] });
    expect(program.stdout).toMatch(/^\[ERROR\] fixture: all\/broken\.yaml:\d+: \S/m);
  });
});

describe('check', () => {
  const good = '.:1053 {\n    errors\n    kubernetes cluster.local\n}\n';

  it('says that nothing is wrong, and exits 0', async () => {
    const cwd = folder({ Corefile: good, 'cluster.yaml': service('nginx', '10.96.0.80') });
    for (const words of [
      ['check', '--fixture', 'cluster.yaml'],
      ['check', '-conf=Corefile', '--fixture=cluster.yaml'],
    ]) {
      // oxlint-disable-next-line no-await-in-loop
      expect(await run(words, { cwd })).toMatchObject({
        code: 0,
        stdout: 'manifests: 1 Service in 1 namespace, from 1 file\nnothing is wrong\n',
        stderr: '',
      });
    }
  });

  it('lists everything wrong with the Corefile and the manifests in one go, and exits 1', async () => {
    const corefile =
      '.:1053 {\n    erors\n    kubernetes cluster.local {\n        pods maybe\n    }\n}\nexample.org:99999 {\n}\n';
    const cwd = folder({ 'my.conf': corefile, 'one.yaml': 'kind: [\n', 'two.yaml': service('nginx', '10.96.0.999') });
    const { code, stdout } = await run(
      ['check', '-conf', 'my.conf', '--fixture', 'one.yaml', '--fixture', 'two.yaml'],
      { cwd },
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/^my\.conf:2:5: unknown directive 'erors'\n\s+erors\n\s+\^{5}\n.*did you mean 'errors'\?/m);
    expect(stdout).toMatch(/^my\.conf:4:14: .*maybe/m);
    expect(stdout).toMatch(/^my\.conf:7:1: .*99999/m);
    expect(stdout).toMatch(/^one\.yaml:\d+: /m);
    expect(stdout).toMatch(/^two\.yaml:\d+: .*10\.96\.0\.999/m);
  });

  it('bug: what is read but not served was no reason to exit 1', async () => {
    const cwd = folder({ Corefile: good, 'cluster.yaml': service('My_Service', '10.96.0.80') });
    const { code, stdout } = await run(['check', '--fixture', 'cluster.yaml'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^cluster\.yaml:\d+: .*My_Service.*not served$/m);
    expect(stdout).not.toContain('nothing is wrong');
  });

  it('does not serve: the port may be in use', async () => {
    const cwd = folder({ 'cluster.yaml': service('nginx', '10.96.0.80') });
    const program = started(['--fixture', 'cluster.yaml', '--bind', '127.0.0.1', '-dns.port', '0'], { cwd });
    const port = await program.port();
    const words = ['check', '--fixture', 'cluster.yaml', '--bind', '127.0.0.1', '-dns.port', String(port)];
    expect((await run(words, { cwd })).code).toBe(0);
  });

  it('reads the files that the Corefile names: what keeps a server from starting is wrong', async () => {
    const corefile = '.:1053 {\n    kubernetes cluster.local {\n        kubeconfig nowhere\n    }\n}\n';
    const cwd = folder({ Corefile: corefile });
    const { code, stdout } = await run(['check'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^Corefile:2:5: cannot read \S*\/nowhere: there is no such file\n {4}kubernetes /);
    expect((await run([], { cwd })).stderr).toMatch(/^cannot read \S*\/nowhere: there is no such file$/m);
  });

  it('leaves a kubeconfig alone where manifests stand in for the API server', async () => {
    const corefile = '.:1053 {\n    kubernetes cluster.local {\n        kubeconfig nowhere\n    }\n}\n';
    const cwd = folder({ Corefile: corefile, 'cluster.yaml': service('nginx', '10.96.0.80') });
    expect((await run(['check', '--fixture', 'cluster.yaml'], { cwd })).code).toBe(0);
  });

  it('takes a kubeconfig that is right, and asks nobody', async () => {
    const kubeconfig = [
      'apiVersion: v1\nkind: Config\ncurrent-context: c',
      'clusters: [{ name: k, cluster: { server: "http://127.0.0.1:9" } }]',
      'users: [{ name: u, user: { token: t } }]',
      'contexts: [{ name: c, context: { cluster: k, user: u } }]',
    ];
    const corefile = '.:1053 {\n    kubernetes cluster.local {\n        kubeconfig kc\n    }\n}\n';
    const cwd = folder({ Corefile: corefile, kc: `${kubeconfig.join('\n')}\n` });
    expect(await run(['check'], { cwd })).toMatchObject({ code: 0, stdout: 'nothing is wrong\n', stderr: '' });
  });

  it('reads the files that the Corefile names: what a server only tells of is no reason to exit 1', async () => {
    const corefile = '.:1053 {\n    whoami\n    loadbalance weighted weights\n}\n';
    const cwd = folder({ Corefile: corefile, weights: 'x 1\n' });
    const { code, stdout } = await run(['check'], { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Corefile:3:5: warning: \S*\/weights: line 1: 'x' is no address; all weights are 1$/m);
    expect(stdout).toMatch(/^nothing is wrong besides what is said above$/m);
    writeFileSync(`${cwd}/weights`, 'a.test\n10.0.0.1 2\n');
    expect(await run(['check'], { cwd })).toMatchObject({ code: 0, stdout: 'nothing is wrong\n' });
  });

  it('reads zone files, hosts files, search paths and weights, each named where its directive stands', async () => {
    const zone = '@ 60 IN SOA ns.a.test. m.a.test. 1 2 3 4 5\n';
    const corefile = [
      '.:1053 {',
      '    file good a.test',
      '    file bad b.test',
      '    file gone c.test {',
      '        reload 0s',
      '    }',
      '    file later d.test',
      '    hosts names {',
      '        fallthrough',
      '    }',
      '    autopath search',
      '    loadbalance weighted weights',
      '}\n',
    ];
    const files = {
      search: 'search a..b\n',
      good: zone,
      bad: `${zone}x 60 IN A 1.2.3.4.5\n`,
      names: '10.0.0.1 a\nb c\n',
    };
    const cwd = folder({ ...files, Corefile: corefile.join('\n') });
    const { code, stdout } = await run(['check'], { cwd });
    expect(code).toBe(1);
    expect(stdout.match(/^Corefile:.*$/gm)?.map((line) => line.replaceAll(`${cwd}/`, ''))).toEqual([
      "Corefile:3:5: bad:2:11: '1.2.3.4.5' is no IPv4 address; expected an IPv4 address",
      'Corefile:4:5: gone does not exist',
      'Corefile:7:5: note: later does not exist',
      "Corefile:8:5: warning: names: line 2 is skipped: 'b' is no address",
      "Corefile:11:5: warning: search:1: 'a..b' is not a domain; autopath does nothing",
      'Corefile:12:5: note: weights does not exist; all weights are 1',
    ]);
  });

  it('exits 1 where the Corefile is not there', async () => {
    const { code, stdout } = await run(['check', '-conf', 'nowhere'], { cwd: folder({}) });
    expect(code).toBe(1);
    expect(stdout).toContain('nowhere');
  });
});

it('a Corefile that cannot be read ends the program with everything wrong in it', async () => {
  const cwd = folder({ Corefile: '. {\n    wohami\n    kubernets\n}\n' });
  const { code, stdout, stderr } = await run([], { cwd });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^Corefile:2:5: [^]*^Corefile:3:5: /m);
});
