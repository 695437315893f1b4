/** CPU seconds of the whole process so far, by its own accounting. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const LOOK_MS = 1;

/** The same as of a millisecond ago at most: for what asks thousands of times a second, which alone would take 7 % of it. */
export function recentCpuSeconds(): () => number {
  let lookedAtMs = -Infinity;
  let seconds = 0;
  return () => {
    const nowMs = performance.now();
    if (nowMs - lookedAtMs >= LOOK_MS) {
      lookedAtMs = nowMs;
      seconds = cpuSeconds();
    }
    return seconds;
  };
}
