/** The page's only style sheet; colours that people who see them differently can tell apart (Okabe and Ito 2008). */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1b1f24, #e6e9ee);
  --soft: light-dark(#5b6470, #9aa4b1);
  --grid: light-dark(#e4e8ed, #262d36);
  --ground: light-dark(#ffffff, #12161b);
  --panel: light-dark(#f6f8fa, #191e25);
  --load: light-dark(#7fb2e0, #2f6ea6);
  --full: light-dark(#c8341f, #ff7a66);
  --static: light-dark(#8a929c, #8d97a3);
  --static-p95: light-dark(#b98aa6, #cc79a7);
  --reactive-50: light-dark(#d55e00, #f08a3c);
  --reactive-search: light-dark(#b58900, #e6c229);
  --foreshift: light-dark(#0072b2, #56b4e9);
  --oracle: light-dark(#009e73, #2ec79b);
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 74rem; padding: 1.5rem 1.5rem 4rem;
  font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
}
h1 { margin: 0; font-size: 1.6rem; }
h2 { margin: 2.4rem 0 0.2rem; font-size: 1.15rem; }
p { margin: 0.3rem 0; max-width: 62rem; }
.quiet { color: var(--soft); }
.verdict {
  margin: 1.2rem 0; padding: 0.8rem 1.1rem; font-size: 1.1rem;
  border-left: 4px solid var(--foreshift); background: var(--panel);
}
table { width: 100%; margin-top: 0.6rem; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { padding: 0.35rem 0.7rem; text-align: right; font-weight: 500; color: var(--soft); }
td { padding: 0.35rem 0.7rem; text-align: right; white-space: nowrap; border-top: 1px solid var(--grid); }
th:first-child, td:first-child { text-align: left; }
td.barred { width: 25%; text-align: left; }
th.barred { text-align: left; }
.bar { display: inline-block; height: 0.8rem; margin-right: 0.5rem; border-radius: 2px; vertical-align: -0.06rem; background: var(--of); }
.dot { display: inline-block; width: 0.7rem; height: 0.7rem; margin-right: 0.5rem; border-radius: 50%; background: var(--of); }
.of-static { --of: var(--static); }
.of-static-p95 { --of: var(--static-p95); }
.of-reactive-50 { --of: var(--reactive-50); }
.of-reactive-search { --of: var(--reactive-search); }
.of-foreshift { --of: var(--foreshift); }
.of-oracle { --of: var(--oracle); }
svg { display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg.plot { margin-top: 0.6rem; }
.grid { stroke: var(--grid); stroke-width: 1; }
.tick { fill: var(--soft); font-size: 11px; }
.line { fill: none; stroke: var(--of); stroke-width: 1.8; stroke-linejoin: round; }
.line.of-foreshift { stroke-width: 2.6; }
.name { fill: var(--of); font-weight: 600; }
.tabs { margin: 0.6rem 0; display: flex; flex-wrap: wrap; gap: 0.4rem; }
.tabs label {
  padding: 0.25rem 0.8rem; border: 1px solid var(--grid); border-radius: 999px; cursor: pointer; background: var(--panel);
}
.tabs input { position: absolute; opacity: 0; }
.tabs label:has(:checked) { border-color: var(--of); box-shadow: inset 0 0 0 1px var(--of); font-weight: 600; }
.tabs label:has(:focus-visible) { outline: 2px solid var(--of); outline-offset: 2px; }
.strips { display: none; }
.server { fill: var(--ink); font-weight: 600; }
.load { fill: var(--load); }
.overload { fill: var(--full); }
.capacity { stroke: var(--full); stroke-width: 1; stroke-dasharray: 4 3; }
.came { fill: var(--foreshift); }
.went { fill: var(--soft); }
.key { display: inline-block; margin-right: 1.2rem; }
.key svg { display: inline-block; width: 1.1rem; height: 0.8rem; margin-right: 0.35rem; vertical-align: -0.05rem; }
footer { margin-top: 3rem; padding-top: 0.8rem; border-top: 1px solid var(--grid); color: var(--soft); }
`;
