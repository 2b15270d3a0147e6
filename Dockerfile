# The image of Nodens, for this machine or for two architectures at once:
#
#     docker build -t nodens:0.1.0 .
#     docker buildx build --platform linux/amd64,linux/arm64 -t registry.example/nodens:0.1.0 --push .
#
# Nothing is run in the foreign image on the way, so that no emulation is needed.
#
# It takes CoreDNS's place without a change to a Deployment's arguments: `-conf /etc/coredns/Corefile` follows the entry
# point. Without arguments, and outside a cluster, it serves the example cluster on its own loopback.
#
# What has been tried: the bundle (test/e2e/bundle.test.ts runs it), and a `node` with this file capability that serves
# port 53 as another user. What has not: building this file with a container engine.

FROM node:26-slim AS node

FROM --platform=$BUILDPLATFORM node:26-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends libcap2-bin \
 && rm -rf /var/lib/apt/lists/*
# Port 53 for a user who is not root. Container engines of today let every user have it (the sysctl
# net.ipv4.ip_unprivileged_port_start=0 in the container's own network namespace), and manifests/base asks for it; on the
# host network, where nobody may set it, this capability does. A container must have NET_BIND_SERVICE to run this file at
# all: a Pod that drops ALL capabilities adds it, as CoreDNS's manifests do. With `allowPrivilegeEscalation: false` a
# process keeps what its engine gave it and gains nothing from a file: whether it has port 53 then is up to the engine.
COPY --from=node /usr/local/bin/node /usr/local/bin/node-on-port-53
RUN setcap cap_net_bind_service=+ep /usr/local/bin/node-on-port-53
WORKDIR /nodens
COPY package.json package-lock.json .npmrc ./
COPY tools ./tools
RUN npm ci
COPY src ./src
COPY manifests/examples ./manifests/examples
# This runs the program once, to keep the code that Node.js compiles for it. In an image of another architecture than that
# of this machine it is left aside, and a start takes some 50 ms more.
RUN node tools/build.ts

FROM node:26-slim
COPY --from=build /usr/local/bin/node-on-port-53 /usr/local/bin/node
# Its `"type": "module"` is what makes the bundle's files ES modules.
COPY package.json LICENSE /nodens/
COPY --from=build /nodens/dist /nodens/dist
COPY manifests/examples /nodens/manifests/examples
# A number, so that `runAsNonRoot` can tell that it is not root.
USER 65532:65532
# A Corefile that lies here is read when no `-conf` names another.
WORKDIR /
EXPOSE 53/udp 53/tcp
# A small young generation takes some 50 MiB off what 150,000 endpoints cost, and no time: a query leaves little garbage. A
# collection of it holds answers up for half as long as one of 4 MiB. It has its size from the start: V8 would begin with less.
# The octets of its Buffers are given back by the thread that took them: another one to do it costs that way a fiftieth.
# An old one that is collected when it has grown by a fifth keeps a flood of names that never repeat to some 150 MiB; below
# 64 MiB it is not collected at all, which takes a fifth of the time off the list of such a cluster and costs 6 MiB. One
# thread helps to collect and to compile: four of them on one core left the one that answers a fifth of it for that long.
# Every object begins in the young generation, which takes an eighth off a query that goes to an upstream: made old from the
# start where V8 foresees it, some of its objects would keep most of what it leaves behind.
# A young generation ends with V8's notes about the buffers of some 2,500 datagrams: the C library keeps such pieces for the next ones,
# which takes a sixtieth off UDP through `node:dgram`. Where the file's capability gave the process port 53 it does not look.
ENV GLIBC_TUNABLES=glibc.malloc.tcache_count=5120
ENTRYPOINT ["/usr/local/bin/node", "--min-semi-space-size=2", "--max-semi-space-size=2", "--heap-growing-percent=20", "--initial-old-space-size=64", "--v8-pool-size=1", "--no-concurrent-array-buffer-sweeping", "--no-allocation-site-pretenuring", "/nodens/dist/bin/main.js"]
