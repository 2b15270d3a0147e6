/** The image: what the manifests take for granted of it, and that it is built for a foreign architecture without emulation. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { nodeFlags, nodeVariable } from '../../tools/node-command.ts';
import { at, pick, read } from './documents.ts';

const dockerfile = readFileSync(fileURLToPath(new URL('../../Dockerfile', import.meta.url)), 'utf8');
const pod = at(pick(read('base/deployment.yaml'), 'Deployment/nodens'), 'spec', 'template', 'spec');

/** Each stage: its first line, and its instructions. */
const stages = dockerfile
  .replaceAll(/^#.*\n/gm, '')
  .split(/^(?=FROM )/m)
  .filter((stage) => stage.startsWith('FROM '))
  .map((stage) => ({ from: stage.split('\n')[0] ?? '', instructions: stage.split('\n').slice(1).join('\n') }));
const last = stages.at(-1)?.instructions ?? '';

describe('the Dockerfile', () => {
  it('runs commands on the machine that builds, and none in the image of another architecture', () => {
    expect(stages).toHaveLength(3);
    for (const { from, instructions } of stages) {
      expect(/^RUN /m.test(instructions), from).toBe(from.startsWith('FROM --platform=$BUILDPLATFORM '));
    }
  });

  it('takes the `node` that gets the capability from the image of the architecture that it is for', () => {
    const [target] = stages;
    expect(target).toEqual({
      from: expect.stringMatching(/^FROM node:\S+ AS node$/),
      instructions: expect.stringMatching(/^\s*$/),
    });
    expect(stages[1]?.instructions).toMatch(
      /^COPY --from=node \/usr\/local\/bin\/node (\S+)\nRUN setcap cap_net_bind_service=\+ep \1$/m,
    );
    expect(last).toMatch(/^COPY --from=build \/usr\/local\/bin\/node-on-port-53 \/usr\/local\/bin\/node$/m);
    const command = ['/usr/local/bin/node', ...nodeFlags, '/nodens/dist/bin/main.js'];
    expect(last).toContain(`\nENV ${nodeVariable}\n`);
    expect(last).toContain(`\nENTRYPOINT [${command.map((word) => `"${word}"`).join(', ')}]\n`);
  });

  it('has the user that the Deployment names', () => {
    expect(last).toMatch(/^USER 65532:65532$/m);
    expect(at(pod, 'securityContext', 'runAsUser')).toBe(65532);
  });
});
