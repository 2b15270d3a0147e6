/*
 * Looks the names of standard input up with getaddrinfo, one after another, over and over, as a program in a pod does. Prints two
 * numbers: nanoseconds of a look-up, the median and what one in a hundred takes longer than.
 *
 *     lookups ROUNDS < NAMES
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define MOST_NAMES 1024

static int compare(const void *a, const void *b) {
  long x = *(const long *)a, y = *(const long *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  static char names[MOST_NAMES][256];
  int rounds = argc > 1 ? atoi(argv[1]) : 1, count = 0;
  while (count < MOST_NAMES && fgets(names[count], sizeof names[count], stdin) != NULL) {
    names[count][strcspn(names[count], "\n")] = 0;
    count++;
  }
  long total = (long)rounds * count;
  long *times = malloc(sizeof(long) * total);
  if (times == NULL || total == 0) return 1;
  struct addrinfo hints;
  memset(&hints, 0, sizeof hints);
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  for (long i = 0; i < total; i++) {
    struct timespec before, after;
    struct addrinfo *list = NULL;
    clock_gettime(CLOCK_MONOTONIC, &before);
    int error = getaddrinfo(names[i % count], NULL, &hints, &list);
    clock_gettime(CLOCK_MONOTONIC, &after);
    if (error != 0) {
      fprintf(stderr, "%s: %s\n", names[i % count], gai_strerror(error));
      return 1;
    }
    freeaddrinfo(list);
    times[i] = (after.tv_sec - before.tv_sec) * 1000000000L + (after.tv_nsec - before.tv_nsec);
  }
  qsort(times, total, sizeof(long), compare);
  printf("%ld %ld\n", times[total / 2], times[total - 1 - total / 100]);
  return 0;
}
