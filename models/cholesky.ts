/**
 * Solves A·x = b for a symmetric positive definite A (row-major n × n, the upper triangle counts): A is
 * overwritten by its factor U, A = Uᵀ·U, and b by x. A pivot that rounding made too small is raised, which leaves a
 * direction that the data do not determine nearly alone.
 */
export function solveSymmetric(a: Float64Array, b: Float64Array, n: number): void {
  factorise(a, n);
  for (let k = 0; k < n; k++) {
    const solved = b[k]! / a[k * n + k]!;
    b[k] = solved;
    for (let i = k + 1; i < n; i++) b[i]! -= a[k * n + i]! * solved;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < n; k++) sum -= a[i * n + k]! * b[k]!;
    b[i] = sum / a[i * n + i]!;
  }
}

/** Row by row, two of them taken out of all that follow at once: no product waits for the one before it. */
function factorise(a: Float64Array, n: number): void {
  const floors = new Float64Array(n);
  for (let i = 0; i < n; i++) floors[i] = 1e-10 * a[i * n + i]! + 1e-300;
  for (let k = 0; k < n; k += 2) {
    divideRow(a, n, k, floors);
    if (k + 1 === n) return;
    const row = k * n;
    const next = row + n;
    const between = a[row + k + 1]!;
    for (let j = k + 1; j < n; j++) a[next + j]! -= between * a[row + j]!;
    divideRow(a, n, k + 1, floors);
    for (let i = k + 2; i < n; i++) {
      const factor = a[row + i]!;
      const nextFactor = a[next + i]!;
      for (let j = i; j < n; j++) {
        a[i * n + j] = a[i * n + j]! - factor * a[row + j]! - nextFactor * a[next + j]!;
      }
    }
  }
}

/** By the root of its pivot. */
function divideRow(a: Float64Array, n: number, k: number, floors: Float64Array): void {
  const pivot = Math.sqrt(Math.max(a[k * n + k]!, floors[k]!));
  a[k * n + k] = pivot;
  for (let j = k + 1; j < n; j++) a[k * n + j]! /= pivot;
}
