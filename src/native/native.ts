/**
 * native/: what Node.js itself has no words for. This is the only module that speaks to `node:ffi`: functions of the C library and
 * of libuv, found in the running process itself.
 *
 * Rules that all who use them keep, because nothing checks them at run time: memory whose address was given away is never freed or
 * moved, a callback never throws, and no decision rests on `errno`, which the engine may change between a call and the look at it.
 */
import { endianness } from 'node:os';
import { isMainThread } from 'node:worker_threads';

/** Runs when a socket is ready: libuv's status (0, or negative for an error) and a mask of events. It must not throw. */
export type PollCallback = (status: number, events: number) => void;

/**
 * The functions by their own names, with the arguments that C gives them; addresses are numbers of 64 bits. Of a result of 64 bits
 * (`ssize_t`) the low 32 are taken, which is all of it for messages of 64 KiB.
 */
export interface Native {
  socket(family: number, type: number, protocol: number): number;
  setsockopt(socket: number, level: number, option: number, value: bigint, length: number): number;
  getsockopt(socket: number, level: number, option: number, value: bigint, length: bigint): number;
  bind(socket: number, address: bigint, length: number): number;
  getsockname(socket: number, address: bigint, length: bigint): number;
  poll(sockets: bigint, count: bigint, timeoutMs: number): number;
  recvmmsg(socket: number, messages: bigint, count: number, flags: number, timeout: bigint): number;
  sendmmsg(socket: number, messages: bigint, count: number, flags: number): number;
  connect(socket: number, address: bigint, length: number): number;
  send(socket: number, message: bigint, length: bigint, flags: number): number;
  recvfrom(socket: number, room: bigint, length: bigint, flags: number, address: bigint, addressLength: bigint): number;
  close(socket: number): number;
  epoll_create1(flags: number): number;
  epoll_ctl(epoll: number, operation: number, socket: number, event: bigint): number;
  epoll_wait(epoll: number, events: bigint, count: number, timeoutMs: number): number;
  uv_poll_init(loop: bigint, handle: bigint, socket: number): number;
  uv_poll_start(handle: bigint, events: number, callback: bigint): number;
  uv_ref(handle: bigint): void;
  uv_unref(handle: bigint): void;
  uv_close(handle: bigint, callback: bigint): void;
  uv_ip4_addr(text: string, port: number, address: bigint): number;
  uv_ip6_addr(text: string, port: number, address: bigint): number;
  uv_inet_ntop(family: number, address: bigint, text: bigint, length: bigint): number;
  if_indextoname(index: number, text: bigint): bigint;
  madvise(address: bigint, length: bigint, advice: number): number;
  /** Undefined where the C library is not glibc. */
  readonly malloc_trim: ((pad: bigint) => number) | undefined;
  /** Octets of libuv's handle for polling. */
  readonly pollHandleSize: number;
  /** The event loop of this thread. */
  readonly loop: bigint;
  /** Where memory stands; valid for as long as it is referenced. */
  addressOf(memory: ArrayBuffer): bigint;
  /** Makes a callback for `uv_poll_start`, which stays for the life of the process. */
  pollCallback(callback: PollCallback): bigint;
}

export type NativeSupport = { readonly kind: 'ready'; readonly native: Native } | NativeAbsence;

export interface NativeAbsence {
  readonly kind: 'absent';
  readonly why: string;
  /** Whether such a system, with such a Node.js, should have them. */
  readonly isExpected: boolean;
}

type Ffi = typeof import('node:ffi');

/** C's NULL. */
export const NULL = 0n;
/** Of libuv's `uv_handle_type`. */
const UV_POLL = 8;

let support: NativeSupport | undefined;

/** The functions, looked for once in a process. */
export function nativeSupport(): NativeSupport {
  support ??= lookFor();
  return support;
}

function lookFor(): NativeSupport {
  const why = reasonAgainst();
  if (why !== undefined) return { kind: 'absent', why, isExpected: false };
  try {
    const ffi = importFfi();
    if (ffi === undefined) {
      return { kind: 'absent', why: `Node.js ${process.versions.node} has no 'node:ffi'`, isExpected: false };
    }
    return { kind: 'ready', native: resolve(ffi) };
  } catch (error) {
    return { kind: 'absent', why: error instanceof Error ? error.message : String(error), isExpected: true };
  }
}

function reasonAgainst(): string | undefined {
  if (process.platform !== 'linux') return `the system is ${process.platform}, not Linux`;
  if (!['x64', 'arm64'].includes(process.arch)) return `the processor is ${process.arch}, neither x64 nor arm64`;
  if (endianness() !== 'LE') return 'the processor is big-endian';
  // A thread that ends while libuv polls for it takes the process with it.
  if (!isMainThread) return 'this is not the main thread';
  return undefined;
}

/**
 * Undefined where this Node.js has no such module. The warning that it is experimental is held back for this one import: people
 * who run the program did not choose the module, it is used only after a test of it has passed, and `node:dgram` serves elsewhere.
 */
function importFfi(): Ffi | undefined {
  const emitWarning = Object.getOwnPropertyDescriptor(process, 'emitWarning');
  process.emitWarning = () => undefined;
  try {
    return process.getBuiltinModule('node:ffi');
  } finally {
    if (emitWarning !== undefined) Object.defineProperty(process, 'emitWarning', emitWarning);
  }
}

function resolve(ffi: Ffi): Native {
  const library = new ffi.DynamicLibrary(null);
  const functions = library.getFunctions({
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    setsockopt: { arguments: ['int32', 'int32', 'int32', 'pointer', 'uint32'], return: 'int32' },
    getsockopt: { arguments: ['int32', 'int32', 'int32', 'pointer', 'pointer'], return: 'int32' },
    bind: { arguments: ['int32', 'pointer', 'uint32'], return: 'int32' },
    getsockname: { arguments: ['int32', 'pointer', 'pointer'], return: 'int32' },
    poll: { arguments: ['pointer', 'uint64', 'int32'], return: 'int32' },
    recvmmsg: { arguments: ['int32', 'pointer', 'uint32', 'int32', 'pointer'], return: 'int32' },
    sendmmsg: { arguments: ['int32', 'pointer', 'uint32', 'int32'], return: 'int32' },
    connect: { arguments: ['int32', 'pointer', 'uint32'], return: 'int32' },
    send: { arguments: ['int32', 'pointer', 'uint64', 'int32'], return: 'int32' },
    recvfrom: { arguments: ['int32', 'pointer', 'uint64', 'int32', 'pointer', 'pointer'], return: 'int32' },
    close: { arguments: ['int32'], return: 'int32' },
    epoll_create1: { arguments: ['int32'], return: 'int32' },
    epoll_ctl: { arguments: ['int32', 'int32', 'int32', 'pointer'], return: 'int32' },
    epoll_wait: { arguments: ['int32', 'pointer', 'int32', 'int32'], return: 'int32' },
    uv_poll_init: { arguments: ['pointer', 'pointer', 'int32'], return: 'int32' },
    uv_poll_start: { arguments: ['pointer', 'int32', 'pointer'], return: 'int32' },
    uv_ref: { arguments: ['pointer'], return: 'void' },
    uv_unref: { arguments: ['pointer'], return: 'void' },
    uv_close: { arguments: ['pointer', 'pointer'], return: 'void' },
    uv_ip4_addr: { arguments: ['string', 'int32', 'pointer'], return: 'int32' },
    uv_ip6_addr: { arguments: ['string', 'int32', 'pointer'], return: 'int32' },
    uv_inet_ntop: { arguments: ['int32', 'pointer', 'pointer', 'uint64'], return: 'int32' },
    if_indextoname: { arguments: ['uint32', 'pointer'], return: 'pointer' },
    madvise: { arguments: ['pointer', 'uint64', 'int32'], return: 'int32' },
    uv_handle_size: { arguments: ['int32'], return: 'uint64' },
    uv_handle_type_name: { arguments: ['int32'], return: 'pointer' },
  });
  const { uv_handle_size, uv_handle_type_name, ...named } = functions;
  const name = ffi.toString(uv_handle_type_name(UV_POLL));
  if (name !== 'poll') throw new Error(`libuv calls its handle number ${UV_POLL} '${name}', not 'poll'`);
  return {
    ...named,
    malloc_trim: optional(() => library.getFunction('malloc_trim', { arguments: ['uint64'], return: 'int32' })),
    pollHandleSize: Number(uv_handle_size(UV_POLL)),
    loop: ffi.getCurrentEventLoop(),
    addressOf: (memory) => ffi.getRawPointer(memory),
    pollCallback: (callback) =>
      library.registerCallback({ arguments: ['pointer', 'int32', 'int32'], return: 'void' }, (_, status, events) =>
        callback(status, events),
      ),
  };
}

/** Undefined where the process has no function of that name. */
function optional<F>(find: () => F): F | undefined {
  try {
    return find();
  } catch {
    return undefined;
  }
}
