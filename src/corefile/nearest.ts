/**
 * Finds the word that somebody meant. In: a word and the words that would have been right. Out: the nearest of them by
 * edit distance (insertions, deletions, replacements and swaps of neighbours), or nothing where none is near.
 */

/** Beyond this length a word is no slip of the fingers. */
const longestWord = 64;

/** The known words, nearest first; those of equal distance stay in their order. */
export function byDistance(word: string, known: readonly string[]): readonly string[] {
  return rank(word, known).map(({ candidate }) => candidate);
}

/** The known word that `word` is most probably a misspelling of: about one edit in three letters is forgiven. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  if (word.length > longestWord || word === '') return undefined;
  const best = rank(word, known)[0];
  const forgiven = Math.max(1, Math.round(word.length / 3));
  return best !== undefined && best.distance <= forgiven ? best.candidate : undefined;
}

function rank(word: string, known: readonly string[]): { readonly candidate: string; readonly distance: number }[] {
  const lower = word.slice(0, longestWord).toLowerCase();
  return known
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate.slice(0, longestWord).toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
}

function editDistance(a: string, b: string): number {
  let twoBack: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(previous, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(replaced, at(previous, j) + 1, at(row, j - 1) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) best = Math.min(best, at(twoBack, j - 2) + 1);
      row.push(best);
    }
    twoBack = previous;
    previous = row;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
