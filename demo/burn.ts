/** Uses so much of the CPU, however long that takes: what is measured is what was used. */
export function burn(ms: number): void {
  const start = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(start);
    if (user + system >= 1000 * ms) return;
  }
}
