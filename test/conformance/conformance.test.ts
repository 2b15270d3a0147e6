/** The suite over the whole pipeline in this process, with a clock that stands still. */
import { startTestServer } from '../support/server.ts';
import { CLIENT_ADDRESS } from './case.ts';
import { groups } from './groups/index.ts';
import { type StartAnswerer, runGroups } from './runner.ts';

const NOW_SECONDS = 1_700_000_000;

const start: StartAnswerer = async (setup) => {
  const server = await startTestServer({ ...setup, now: () => NOW_SECONDS * 1000 });
  return {
    ask: (request, protocol) => server.ask(request, { protocol, clientAddress: CLIENT_ADDRESS }),
    isSerial: (serial) => serial === NOW_SECONDS,
    close: () => server.close(),
  };
};

runGroups(groups, start);
