/** CPU seconds of the whole process so far, by its own accounting. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
