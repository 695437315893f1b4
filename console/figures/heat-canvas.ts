import { LEVELS, levelOf } from '../frame/scale.js';
import type { HeatPicture, HeatScene } from './heat-picture.js';
import { cellWords, pictureWords } from './heat-picture.js';

/* Draws a heat map on a canvas: at 200 servers and a day there are too many cells for elements. */

/** Between the words of two times. */
const TICK_GAP_PX = 10;
const AXIS_PX = 20;
const LABEL_MIN_PX = 44;
const LABEL_MAX_PX = 150;

/** What belongs to one canvas: its scene, and which cell is looked at. */
class HeatCanvas {
  readonly #canvas: HTMLCanvasElement;
  #scene: HeatScene | undefined;
  #row = 0;
  #column = 0;
  #isCellShown = false;
  /** For whoever measures. */
  #isDrawn = false;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    canvas.addEventListener('pointermove', (event) => {
      const cell = this.#cellAt(event.offsetX, event.offsetY);
      if (cell === undefined) this.#leave();
      else this.#look(cell.row, cell.column);
    });
    canvas.addEventListener('pointerleave', () => {
      this.#leave();
    });
    canvas.addEventListener('click', (event) => {
      const cell = this.#cellAt(event.offsetX, event.offsetY) ?? this.#labelAt(event.offsetY);
      if (cell !== undefined) this.#pick(cell.row);
    });
    canvas.addEventListener('keydown', (event) => {
      if (this.#key(event.key)) event.preventDefault();
    });
    canvas.addEventListener('focus', () => {
      const { pastColumns, rows } = this.#scene?.picture ?? { pastColumns: 0, rows: [] };
      if (!this.#isCellShown && rows.length > 0) this.#look(0, Math.max(0, pastColumns - 1));
    });
    canvas.addEventListener('blur', () => {
      this.#leave();
    });
    new ResizeObserver(() => {
      this.#draw();
    }).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.#draw();
    });
  }

  show(scene: HeatScene): void {
    this.#scene = scene;
    this.#canvas.setAttribute('aria-label', pictureWords(scene.picture));
    this.#canvas.style.height = `${scene.heightPx}px`;
    this.#draw();
    if (this.#isCellShown) this.#say(cellWords(scene.picture, this.#row, this.#column));
  }

  #key(key: string): boolean {
    const { rows, columns } = this.#scene?.picture ?? { rows: [], columns: 0 };
    const clamp = (value: number, count: number): number => Math.min(count - 1, Math.max(0, value));
    switch (key) {
      case 'ArrowUp':
        this.#look(clamp(this.#row - 1, rows.length), this.#column);
        return true;
      case 'ArrowDown':
        this.#look(clamp(this.#row + 1, rows.length), this.#column);
        return true;
      case 'ArrowLeft':
        this.#look(this.#row, clamp(this.#column - 1, columns));
        return true;
      case 'ArrowRight':
        this.#look(this.#row, clamp(this.#column + 1, columns));
        return true;
      case 'Home':
        this.#look(this.#row, 0);
        return true;
      case 'End':
        this.#look(this.#row, columns - 1);
        return true;
      case 'Enter':
        this.#pick(this.#row);
        return true;
      default:
        return false;
    }
  }

  #pick(row: number): void {
    const server = this.#scene?.picture.rows[row]?.server;
    if (server !== undefined) this.#scene?.onPick(server);
  }

  #look(row: number, column: number): void {
    if (this.#scene === undefined) return;
    const isSame = this.#isCellShown && row === this.#row && column === this.#column;
    if (isSame) return;
    [this.#row, this.#column, this.#isCellShown] = [row, column, true];
    this.#say(cellWords(this.#scene.picture, row, column));
    this.#draw();
  }

  #leave(): void {
    if (!this.#isCellShown) return;
    this.#isCellShown = false;
    this.#say('');
    this.#draw();
  }

  /** In the line below, which is read aloud. */
  #say(text: string): void {
    const line = document.getElementById(this.#canvas.getAttribute('aria-describedby') ?? '');
    if (line !== null) line.textContent = text;
  }

  #measures() {
    const { rows, columns } = this.#scene?.picture ?? { rows: [], columns: 0 };
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const longest = Math.max(0, ...rows.map(({ server }) => server.length));
    const left = Math.min(LABEL_MAX_PX, Math.max(LABEL_MIN_PX, 8 * longest + 12));
    const rowPx = rows.length === 0 ? 0 : (height - AXIS_PX) / rows.length;
    return { width, height, left, rowPx, columnPx: columns === 0 ? 0 : (width - left) / columns };
  }

  #cellAt(x: number, y: number): { row: number; column: number } | undefined {
    const { left, rowPx, columnPx } = this.#measures();
    const { rows, columns } = this.#scene?.picture ?? { rows: [], columns: 0 };
    const row = Math.floor((y - AXIS_PX) / rowPx);
    const column = Math.floor((x - left) / columnPx);
    const isInside = row >= 0 && row < rows.length && column >= 0 && column < columns;
    return isInside ? { row, column } : undefined;
  }

  #labelAt(y: number): { row: number } | undefined {
    const row = Math.floor((y - AXIS_PX) / this.#measures().rowPx);
    return this.#scene?.picture.rows[row] === undefined ? undefined : { row };
  }

  #draw(): void {
    const context = this.#canvas.getContext('2d');
    const picture = this.#scene?.picture;
    if (context === null || picture === undefined) return;
    const measures = this.#measures();
    const { width, height } = measures;
    if (width === 0 || height === 0) return;
    const scale = devicePixelRatio;
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    context.scale(scale, scale);
    const colours = coloursOf(this.#canvas);
    drawCells(context, picture, { ...measures, colours });
    drawAxis(context, picture, { ...measures, colours });
    if (!this.#isDrawn) performance.mark('heat-map drawn');
    this.#isDrawn = true;
    if (!this.#isCellShown) return;
    const { left, rowPx, columnPx } = measures;
    context.strokeStyle = colours.ink;
    context.lineWidth = 2;
    context.strokeRect(
      left + this.#column * columnPx,
      AXIS_PX + this.#row * rowPx,
      Math.max(4, columnPx),
      rowPx,
    );
  }
}

interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly rowPx: number;
  readonly columnPx: number;
  readonly colours: Colours;
}

interface Colours {
  readonly ink: string;
  readonly soft: string;
  readonly hatch: string;
  readonly empty: string;
  /** On the last level. */
  readonly over: string;
  readonly levels: readonly string[];
}

/** They are registered as colours (style.css), so that light or dark is settled already. */
function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: colour('ink'),
    soft: colour('soft'),
    hatch: colour('hatch'),
    empty: colour('empty'),
    over: colour('over-ink'),
    levels: LEVELS.map((_, level) => colour(`level-${level}`)),
  };
}

function drawCells(
  context: CanvasRenderingContext2D,
  picture: HeatPicture,
  drawing: Drawing,
): void {
  const { left, rowPx, columnPx, height, width, colours } = drawing;
  const { rows, pastColumns } = picture;
  const gap = rowPx >= 10 ? 1 : 0;
  const columnGap = columnPx >= 7 ? 1 : 0;
  for (const [row, { values, server, isPlanned }] of rows.entries()) {
    const y = AXIS_PX + row * rowPx;
    for (const [column, value] of values.entries()) {
      const from = Math.round(left + column * columnPx);
      const to = Math.round(left + (column + 1) * columnPx);
      context.fillStyle =
        value === null ? colours.empty : (colours.levels[levelOf(value / 1000)] ?? colours.empty);
      context.fillRect(from, y, Math.max(1, to - from - columnGap), rowPx - gap);
    }
    if (rowPx < 9) continue;
    context.fillStyle = colours.ink;
    context.font = `${isPlanned ? '600 ' : ''}${Math.min(13, rowPx - 1)}px system-ui, sans-serif`;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    context.fillText(server, left - 8, y + (rowPx - gap) / 2, left - 10);
  }
  hatch(context, left + pastColumns * columnPx, {
    top: AXIS_PX,
    right: width,
    bottom: height,
    colours,
  });
  markLimits(context, picture, drawing);
}

/** What is to come is hatched: it has not been. */
function hatch(
  context: CanvasRenderingContext2D,
  fromX: number,
  {
    top,
    right,
    bottom,
    colours,
  }: {
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
    readonly colours: Colours;
  },
): void {
  context.save();
  context.beginPath();
  context.rect(fromX, top, right - fromX, bottom - top);
  context.clip();
  context.strokeStyle = colours.hatch;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = fromX - (bottom - top); x < right; x += 6) {
    context.moveTo(x, bottom);
    context.lineTo(x + (bottom - top), top);
  }
  context.stroke();
  context.restore();
}

/** A "!" where a server passes its capacity: at the first cell of each such spell. */
function markLimits(
  context: CanvasRenderingContext2D,
  { rows }: HeatPicture,
  { left, rowPx, columnPx, colours }: Drawing,
): void {
  if (rowPx < 9) return;
  context.font = `700 ${Math.min(14, rowPx - 2)}px system-ui, sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (const [row, { values }] of rows.entries()) {
    let isOver = false;
    for (const [column, value] of values.entries()) {
      const wasOver = isOver;
      isOver = value !== null && value > 1000;
      if (!isOver || (wasOver && columnPx < 10)) continue;
      const x = left + (column + 0.5) * columnPx;
      context.lineWidth = 3;
      context.strokeStyle = colours.levels.at(-1) ?? colours.ink;
      context.strokeText('!', x, AXIS_PX + (row + 0.5) * rowPx);
      context.fillStyle = colours.over;
      context.fillText('!', x, AXIS_PX + (row + 0.5) * rowPx);
    }
  }
}

function drawAxis(
  context: CanvasRenderingContext2D,
  { ticks, pastColumns, columns }: HeatPicture,
  { left, columnPx, height, colours }: Drawing,
): void {
  const now = left + pastColumns * columnPx;
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  context.textAlign = 'center';
  context.fillStyle = colours.soft;
  let takenTo = -Infinity;
  for (const { column, text } of ticks) {
    const x = left + column * columnPx;
    const half = context.measureText(text).width / 2;
    // Beside the word NOW there is no room, nor half beyond the edge, nor over the last one on a narrow screen.
    if (Math.abs(x - now) < half + 22 || x < left + 16 || column > columns - 1) continue;
    if (x - half < takenTo + TICK_GAP_PX) continue;
    takenTo = x + half;
    context.fillText(text, x, AXIS_PX / 2);
    context.fillRect(Math.round(x), AXIS_PX - 4, 1, 3);
  }
  if (columns === 0) return;
  context.fillStyle = colours.ink;
  context.font = '600 11px system-ui, sans-serif';
  context.fillText('NOW', Math.min(now, left + columns * columnPx - 14), AXIS_PX / 2);
  context.fillRect(Math.round(now) - 1, AXIS_PX - 3, 2, height - AXIS_PX + 3);
}

const canvases = new WeakMap<Element, HeatCanvas>();

export function paintHeatMap(element: Element, model: unknown): void {
  if (!(element instanceof HTMLCanvasElement)) return;
  let canvas = canvases.get(element);
  if (canvas === undefined) {
    canvas = new HeatCanvas(element);
    canvases.set(element, canvas);
  }
  canvas.show(model as HeatScene);
}
