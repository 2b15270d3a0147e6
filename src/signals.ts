/**
 * The first module that the program loads: until SIGUSR1 has a handler, the signal would open Node's debugger on a port.
 * A reload that is asked for before the server is ready happens when it is.
 */
let handler: (() => void) | undefined;
let asked = false;

process.on('SIGUSR1', () => {
  if (handler === undefined) asked = true;
  else handler();
});

/** Calls `reload` at each SIGUSR1 from now on, and once for those that came before. */
export function onReloadSignal(reload: () => void): void {
  handler = reload;
  if (asked) reload();
  asked = false;
}
