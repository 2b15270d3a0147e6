/**
 * How Linux and its C library lay out what goes between them and a program, on x64 and arm64 (both LP64, little endian): offsets
 * and sizes in octets. Each block of constants stands beside the C structure that it describes. Of members of eight octets whose
 * values are small the low four are used.
 */

/**
 *     struct mmsghdr {
 *       struct msghdr {
 *         void         *msg_name;         0
 *         socklen_t     msg_namelen;      8   value-result
 *         struct iovec *msg_iov;         16
 *         size_t        msg_iovlen;      24
 *         void         *msg_control;     32
 *         size_t        msg_controllen;  40   value-result
 *         int           msg_flags;       48   result
 *       } msg_hdr;
 *       unsigned int    msg_len;         56   result
 *     };
 */
export const MMSGHDR = {
  size: 64,
  name: 0,
  nameLength: 8,
  iov: 16,
  iovCount: 24,
  control: 32,
  controlLength: 40,
  flags: 48,
  length: 56,
} as const;

/** `struct iovec { void *iov_base; size_t iov_len; }` */
export const IOVEC = { size: 16, base: 0, length: 8 } as const;

/**
 *     struct sockaddr_in  { sa_family_t family; in_port_t port; struct in_addr addr; char zero[8]; };
 *     struct sockaddr_in6 { sa_family_t family; in_port_t port; uint32_t flowinfo; struct in6_addr addr; uint32_t scope_id; };
 *
 * The family is in the machine's order of octets, port and addresses in the network's.
 */
export const SOCKADDR_IN = { size: 16, family: 0, port: 2, address: 4 } as const;
export const SOCKADDR_IN6 = { size: 28, family: 0, port: 2, address: 8, scope: 24 } as const;

/**
 *     struct cmsghdr { size_t cmsg_len; int cmsg_level; int cmsg_type; };   the data follow
 *     struct in_pktinfo  { int ipi_ifindex; struct in_addr ipi_spec_dst; struct in_addr ipi_addr; };
 *     struct in6_pktinfo { struct in6_addr ipi6_addr; unsigned int ipi6_ifindex; };
 *
 * Offsets of both kinds of data are from the beginning of the `cmsghdr`; the size is that of header and data rounded up to eight
 * (`CMSG_SPACE`), the length that which stands in `cmsg_len` (`CMSG_LEN`).
 */
export const CMSG = { length: 0, level: 8, type: 12 } as const;
export const PKTINFO = { size: 32, length: 28, interface: 16, local: 20, destination: 24 } as const;
export const PKTINFO6 = { size: 40, length: 36, local: 16, interface: 32 } as const;

/** `struct pollfd { int fd; short events; short revents; }` */
export const POLLFD = { size: 8, fd: 0, events: 4, result: 6 } as const;

/**
 * `struct epoll_event { uint32_t events; epoll_data_t data; }`, which is packed on x64 and on no other processor. Of the eight octets
 * of data the low four are used.
 */
export const EPOLL_EVENT = process.arch === 'x64' ? { size: 12, events: 0, data: 4 } : { size: 16, events: 0, data: 8 };
export const EPOLL_CLOEXEC = 0o2000000;
export const EPOLL_CTL_ADD = 1;
export const EPOLLIN = 1;
export const EPOLLERR = 8;

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;

export const SOL_SOCKET = 1;
export const SO_ERROR = 4;
export const SO_SNDBUF = 7;
export const SO_RCVBUF = 8;
export const IPPROTO_IP = 0;
export const IP_PKTINFO = 8;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
export const IPV6_RECVPKTINFO = 49;
export const IPV6_PKTINFO = 50;

export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;

export const POLLIN = 1;
export const POLLOUT = 4;

/** libuv's own: the events of `uv_poll_start`. */
export const UV_READABLE = 1;
export const UV_WRITABLE = 2;

/** The longest texts of an address (`INET6_ADDRSTRLEN`) and of an interface's name (`IF_NAMESIZE`), each with its NUL. */
export const ADDRESS_TEXT = 46;
export const INTERFACE_TEXT = 16;
