/**
 * Series-major copy without gaps: filled by straight lines, its ends held, zero where a series has no sample
 * at all. What a server really had to carry in a gap is not known; this is the anchors' rule.
 */
export function withoutGaps(values: Float32Array, steps: number): Float32Array {
  const filled = values.slice();
  for (let from = 0; from < filled.length; from += steps)
    fillRow(filled.subarray(from, from + steps));
  return filled;
}

function fillRow(row: Float32Array): void {
  let before = -1;
  for (let at = 0; at < row.length; at++) {
    if (Number.isNaN(row[at])) continue;
    const value = row[at]!;
    const start = before < 0 ? value : row[before]!;
    for (let gap = before + 1; gap < at; gap++) {
      row[gap] = start + ((value - start) * (gap - before)) / (at - before);
    }
    before = at;
  }
  row.fill(before < 0 ? 0 : row[before]!, before + 1);
}
