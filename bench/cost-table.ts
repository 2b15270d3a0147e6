/** What a query costs, as a table: each figure with its spread, its ratio to Knot's, and what it must be and should be. */
import type { Cost, RowCosts } from './costs.ts';
import { ratioOf } from './costs.ts';
import type { Measurement } from './load.ts';
import { mixes } from './queries.ts';
import { type CostRow, DGRAM_ROOM } from './rows.ts';
import { median, table, verdict, withSpread } from './table.ts';

const heading = ['row', 'server', 'CPU µs/query', '× Knot', 'must', 'aim', 'queries/s', 'lost', 'MiB', 'replies'];

export function costTable(rows: readonly RowCosts[]): string {
  return table(
    heading,
    rows.flatMap(({ row, costs }) => costs.map((cost) => line(row, cost))),
  );
}

function line(row: CostRow, cost: Cost): readonly string[] {
  const { server, loads, ratios } = cost;
  const all = (get: (one: Measurement) => number): readonly number[] => loads.map(get);
  const room = server === 'nodens dgram' ? DGRAM_ROOM : 1;
  const limits = server.startsWith('nodens') ? row.limits : undefined;
  const judged = (limit: number | undefined): string => {
    const ratio = ratioOf(cost);
    return limit === undefined || ratio === undefined ? '' : verdict(ratio, Number((limit * room).toFixed(3)));
  };
  return [
    row.name,
    server,
    withSpread(
      all(({ cpu }) => cpu),
      2,
    ),
    server === 'knotd' || ratios.length === 0 ? '' : withSpread(ratios, 2),
    judged(limits?.must),
    judged(limits?.aim),
    withSpread(
      all(({ rate }) => rate),
      0,
    ),
    String(all(({ lost }) => lost).reduce((sum, lost) => sum + lost, 0)),
    loads.at(-1)?.resident.toFixed(0) ?? '',
    replies(row, cost),
  ];
}

/** The response codes, and whether they are what the mix must get. */
function replies(row: CostRow, { server, asked, loads }: Cost): string {
  if (server === 'echo') return 'no answers: the questions themselves';
  const shares = new Map<string, number[]>();
  for (const [code, share] of loads.flatMap(({ rcodes }) => [...rcodes])) {
    shares.set(code, [...(shares.get(code) ?? []), share]);
  }
  const wanted: readonly string[] = mixes[asked].rcodes;
  const isRight = shares.size === wanted.length && wanted.every((code) => shares.has(code));
  const codes = [...shares].map(([code, of]) => `${code} ${median(of).toFixed(0)} %`).join(', ');
  const other = asked === row.mix ? '' : `; asked ${asked}`;
  return `${codes}${other}${isRight ? '' : `: WRONG, all must be ${wanted.join(' or ')}`}`;
}
