/** Lists one after the other, without a pointer to follow: list `i` is `values` at `from[i]` to before `from[i + 1]`. */
export interface FlatLists {
  readonly from: Int32Array;
  readonly values: Int32Array;
}

export function flatLists(lists: readonly ArrayLike<number>[]): FlatLists {
  const from = new Int32Array(lists.length + 1);
  for (const [at, list] of lists.entries()) from[at + 1] = from[at]! + list.length;
  const values = new Int32Array(from[lists.length]!);
  for (const [at, list] of lists.entries()) values.set(list, from[at]);
  return { from, values };
}
