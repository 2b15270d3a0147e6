/**
 * Options of tests that hold a length of real time, in which the machine must not have been busy with something else. Only they are
 * tried again: where a test fails for any other reason, it has found something.
 */
export const TIMED = { retry: 2 } as const;
