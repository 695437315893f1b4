/**
 * Solves A·x = b for a symmetric positive definite A (row-major n × n, the lower triangle counts): A is
 * overwritten by its factor, b by x. A pivot that rounding made too small is raised, which leaves a
 * direction that the data do not determine nearly alone.
 */
export function solveSymmetric(a: Float64Array, b: Float64Array, n: number): void {
  factorise(a, n);
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= a[i * n + k]! * b[k]!;
    b[i] = sum / a[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < n; k++) sum -= a[k * n + i]! * b[k]!;
    b[i] = sum / a[i * n + i]!;
  }
}

/** Column by column, each taken out of all that follow it at once: no product waits for the one before it. */
function factorise(a: Float64Array, n: number): void {
  const floors = new Float64Array(n);
  for (let i = 0; i < n; i++) floors[i] = 1e-10 * a[i * n + i]! + 1e-300;
  for (let k = 0; k < n; k++) {
    const pivot = Math.sqrt(Math.max(a[k * n + k]!, floors[k]!));
    a[k * n + k] = pivot;
    for (let i = k + 1; i < n; i++) a[i * n + k]! /= pivot;
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k]!;
      for (let j = k + 1; j <= i; j++) a[i * n + j]! -= factor * a[j * n + k]!;
    }
  }
}
