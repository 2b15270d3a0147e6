/*
 * Looks up each name that stands on a line of standard input with getaddrinfo, and prints a line with the name, then its addresses
 * or EAI_ and the error. Each look-up has a process of its own, so that none sees what another has learnt about the server.
 *
 *     lookups PROCESSES < NAMES
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *word(int error) {
  switch (error) {
    case EAI_NONAME: return "EAI_NONAME";
#ifdef EAI_NODATA
    case EAI_NODATA: return "EAI_NODATA";
#else
    case -5: return "EAI_NODATA";
#endif
    case EAI_AGAIN: return "EAI_AGAIN";
    case EAI_FAIL: return "EAI_FAIL";
    case EAI_SYSTEM: return "EAI_SYSTEM";
    default: return "EAI_OTHER";
  }
}

static void look_up(const char *name) {
  char line[4096];
  struct addrinfo hints, *list = NULL, *one;
  memset(&hints, 0, sizeof hints);
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  int error = getaddrinfo(name, NULL, &hints, &list);
  int length = snprintf(line, sizeof line, "%s", name);
  if (error != 0) {
    length += snprintf(line + length, sizeof line - length, " %s", word(error));
  }
  for (one = list; one != NULL; one = one->ai_next) {
    char text[INET6_ADDRSTRLEN];
    const void *address = one->ai_family == AF_INET ? (void *)&((struct sockaddr_in *)one->ai_addr)->sin_addr
                                                    : (void *)&((struct sockaddr_in6 *)one->ai_addr)->sin6_addr;
    if (inet_ntop(one->ai_family, address, text, sizeof text) == NULL) continue;
    length += snprintf(line + length, sizeof line - length, " %s", text);
  }
  length += snprintf(line + length, sizeof line - length, "\n");
  if (write(1, line, length) != length) _exit(1);
}

int main(int argc, char **argv) {
  int most = argc > 1 ? atoi(argv[1]) : 1;
  int running = 0;
  char name[512];
  while (fgets(name, sizeof name, stdin) != NULL) {
    name[strcspn(name, "\n")] = 0;
    if (running == most) {
      wait(NULL);
      running--;
    }
    pid_t child = fork();
    if (child < 0) return 1;
    if (child == 0) {
      look_up(name);
      _exit(0);
    }
    running++;
  }
  while (running-- > 0) wait(NULL);
  return 0;
}
