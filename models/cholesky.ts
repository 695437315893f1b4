/**
 * Solves A·x = b for a symmetric positive definite A (row-major n × n, the lower triangle counts): A is
 * overwritten by its factor, b by x. A pivot that rounding made too small is raised, which leaves a
 * direction that the data do not determine nearly alone.
 */
export function solveSymmetric(a: Float64Array, b: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const rowI = i * n;
    const floor = 1e-10 * a[rowI + i]! + 1e-300;
    for (let j = 0; j <= i; j++) {
      const rowJ = j * n;
      let sum = a[rowI + j]!;
      for (let k = 0; k < j; k++) sum -= a[rowI + k]! * a[rowJ + k]!;
      a[rowI + j] = i === j ? Math.sqrt(Math.max(sum, floor)) : sum / a[rowJ + j]!;
    }
  }
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
