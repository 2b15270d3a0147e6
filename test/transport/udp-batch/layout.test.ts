/** The layouts, held against the C compiler of the machine and against what the system itself writes and reads. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import * as layout from '../../../src/transport/udp-batch/layout.ts';
import { describeBatches } from '../fixtures.ts';

const run = promisify(execFile);

/** Each value of the module, by the C expression for it. */
function expressions(): ReadonlyMap<string, number> {
  const { MMSGHDR, IOVEC, SOCKADDR_IN, SOCKADDR_IN6, CMSG, PKTINFO, PKTINFO6, POLLFD, EPOLL_EVENT } = layout;
  const constants = Object.entries(layout).flatMap(([name, value]): [string, number][] =>
    typeof value === 'number' && !/^UV_|_TEXT$/.test(name) ? [[name, value]] : [],
  );
  return new Map([
    ...constants,
    ['INET6_ADDRSTRLEN', layout.ADDRESS_TEXT],
    ['IF_NAMESIZE', layout.INTERFACE_TEXT],
    ['sizeof(struct mmsghdr)', MMSGHDR.size],
    ['offsetof(struct mmsghdr, msg_hdr.msg_name)', MMSGHDR.name],
    ['offsetof(struct mmsghdr, msg_hdr.msg_namelen)', MMSGHDR.nameLength],
    ['offsetof(struct mmsghdr, msg_hdr.msg_iov)', MMSGHDR.iov],
    ['offsetof(struct mmsghdr, msg_hdr.msg_iovlen)', MMSGHDR.iovCount],
    ['offsetof(struct mmsghdr, msg_hdr.msg_control)', MMSGHDR.control],
    ['offsetof(struct mmsghdr, msg_hdr.msg_controllen)', MMSGHDR.controlLength],
    ['offsetof(struct mmsghdr, msg_hdr.msg_flags)', MMSGHDR.flags],
    ['offsetof(struct mmsghdr, msg_len)', MMSGHDR.length],
    ['sizeof(struct iovec)', IOVEC.size],
    ['offsetof(struct iovec, iov_base)', IOVEC.base],
    ['offsetof(struct iovec, iov_len)', IOVEC.length],
    ['sizeof(struct sockaddr_in)', SOCKADDR_IN.size],
    ['offsetof(struct sockaddr_in, sin_family)', SOCKADDR_IN.family],
    ['offsetof(struct sockaddr_in, sin_port)', SOCKADDR_IN.port],
    ['offsetof(struct sockaddr_in, sin_addr)', SOCKADDR_IN.address],
    ['sizeof(struct sockaddr_in6)', SOCKADDR_IN6.size],
    ['offsetof(struct sockaddr_in6, sin6_family)', SOCKADDR_IN6.family],
    ['offsetof(struct sockaddr_in6, sin6_port)', SOCKADDR_IN6.port],
    ['offsetof(struct sockaddr_in6, sin6_addr)', SOCKADDR_IN6.address],
    ['offsetof(struct sockaddr_in6, sin6_scope_id)', SOCKADDR_IN6.scope],
    ['offsetof(struct cmsghdr, cmsg_len)', CMSG.length],
    ['offsetof(struct cmsghdr, cmsg_level)', CMSG.level],
    ['offsetof(struct cmsghdr, cmsg_type)', CMSG.type],
    ['CMSG_SPACE(sizeof(struct in_pktinfo))', PKTINFO.size],
    ['CMSG_LEN(sizeof(struct in_pktinfo))', PKTINFO.length],
    ['CMSG_LEN(0) + offsetof(struct in_pktinfo, ipi_ifindex)', PKTINFO.interface],
    ['CMSG_LEN(0) + offsetof(struct in_pktinfo, ipi_spec_dst)', PKTINFO.local],
    ['CMSG_LEN(0) + offsetof(struct in_pktinfo, ipi_addr)', PKTINFO.destination],
    ['CMSG_SPACE(sizeof(struct in6_pktinfo))', PKTINFO6.size],
    ['CMSG_LEN(sizeof(struct in6_pktinfo))', PKTINFO6.length],
    ['CMSG_LEN(0) + offsetof(struct in6_pktinfo, ipi6_addr)', PKTINFO6.local],
    ['CMSG_LEN(0) + offsetof(struct in6_pktinfo, ipi6_ifindex)', PKTINFO6.interface],
    ['sizeof(struct pollfd)', POLLFD.size],
    ['offsetof(struct pollfd, fd)', POLLFD.fd],
    ['offsetof(struct pollfd, events)', POLLFD.events],
    ['offsetof(struct pollfd, revents)', POLLFD.result],
    ['sizeof(struct epoll_event)', EPOLL_EVENT.size],
    ['offsetof(struct epoll_event, events)', EPOLL_EVENT.events],
    ['offsetof(struct epoll_event, data)', EPOLL_EVENT.data],
  ]);
}

describeBatches('the layouts', () => {
  it('are those of the C compiler', async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'nodens-layout-'));
    try {
      const wanted = expressions();
      const lines = [...wanted.keys()].map((expression) => `printf("%ld\\n", (long)(${expression}));`);
      const headers = [
        'netinet/in.h',
        'net/if.h',
        'poll.h',
        'stddef.h',
        'stdio.h',
        'sys/epoll.h',
        'sys/socket.h',
        'sys/uio.h',
      ];
      const includes = headers.map((header) => `#include <${header}>`);
      const source = join(folder, 'layout.c');
      const program = join(folder, 'layout');
      await writeFile(source, ['#define _GNU_SOURCE', ...includes, 'int main(void) {', ...lines, '}', ''].join('\n'));
      try {
        await run('cc', ['-o', program, source]);
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
          context.skip('this machine has no C compiler');
        }
        throw error;
      }
      const { stdout } = await run(program);
      const values = stdout.trim().split('\n').map(Number);
      expect(new Map([...wanted.keys()].map((expression, i) => [expression, values[i]]))).toEqual(wanted);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
