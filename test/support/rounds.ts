/** How often a test does what it repeats: as often as it says, unless `ROUNDS` asks for more (docs/ARCHITECTURE.md, Tests). */
export function rounds(usual: number): number {
  return Number(process.env.ROUNDS ?? usual);
}
