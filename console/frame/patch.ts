import type { Branch, Deed, Tree } from './tree.js';

/* Brings trees onto the screen: what is there already is kept and only changed where it differs, so that focus, what was typed and where one has scrolled to stay. */

const SVG = 'http://www.w3.org/2000/svg';

/** Draws into an element what is not made of elements. */
export type Painters = Readonly<Record<string, (element: Element, model: unknown) => void>>;

/** What each element was made of. */
const madeOf = new WeakMap<Node, Branch>();

export function patch(root: Element, trees: readonly Tree[], painters: Painters): void {
  const focused = document.activeElement;
  patchWithin(root, trees, painters);
  // An element that goes to another place loses the focus on the way.
  if (focused === document.activeElement || !root.contains(focused)) return;
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
}

function patchWithin(parent: Element, trees: readonly Tree[], painters: Painters): void {
  const keyed = new Map<string, Element>();
  for (const child of parent.children) {
    const key = madeOf.get(child)?.key;
    if (key !== undefined) keyed.set(key, child);
  }
  let next = parent.firstChild;
  /** Nodes too many, from `next` on, for the trees that are left. */
  let surplus = parent.childNodes.length - trees.length;
  for (const tree of trees) {
    // What went from before is taken out, so that what stood behind it is found again and not made anew.
    while (surplus > 0 && next !== null && isGone(next, tree)) {
      const after: ChildNode | null = next.nextSibling;
      next.remove();
      next = after;
      surplus -= 1;
    }
    if (typeof tree === 'string') {
      if (!(next instanceof Text)) surplus += 1;
      next = placeText(parent, next, tree);
      continue;
    }
    const former = tree.key === undefined ? next : (keyed.get(tree.key) ?? null);
    const isKept = isFit(former, tree);
    const placed = isKept ? former : created(tree, parent);
    if (!isKept) surplus += 1;
    if (placed === next) next = placed.nextSibling;
    else parent.insertBefore(placed, next);
    dress(placed, tree, painters);
  }
  while (next !== null) {
    const after: ChildNode | null = next.nextSibling;
    next.remove();
    next = after;
  }
}

/** Of those without a key, which are found again by their order alone. */
function isGone(node: ChildNode, tree: Tree): boolean {
  if (madeOf.get(node)?.key !== undefined) return false;
  if (typeof tree === 'string') return !(node instanceof Text);
  return tree.key === undefined && !isFit(node, tree);
}

/** Returns what stands behind it. */
function placeText(parent: Element, next: ChildNode | null, text: string): ChildNode | null {
  if (next instanceof Text) {
    if (next.data !== text) next.data = text;
    return next.nextSibling;
  }
  parent.insertBefore(document.createTextNode(text), next);
  return next;
}

function isFit(node: ChildNode | null, tree: Branch): node is ChildNode & Element {
  const former = node === null ? undefined : madeOf.get(node);
  return former?.tag === tree.tag && former.key === tree.key;
}

function created(tree: Branch, parent: Element): Element {
  const isSvg = tree.tag === 'svg' || parent.namespaceURI === SVG;
  return isSvg ? document.createElementNS(SVG, tree.tag) : document.createElement(tree.tag);
}

function dress(element: Element, tree: Branch, painters: Painters): void {
  const former = madeOf.get(element);
  madeOf.set(element, tree);
  for (const name of Object.keys(former?.attributes ?? {})) {
    if (!(name in tree.attributes)) element.removeAttribute(name);
  }
  for (const [name, value] of Object.entries(tree.attributes)) {
    if (former?.attributes[name] === value && !isKeptByPeople(name)) continue;
    setAttribute(element, name, value, former === undefined);
  }
  listen(element, former);
  if (tree.painting !== undefined) {
    painters[tree.painting.by]?.(element, tree.painting.model);
    return;
  }
  patchWithin(element, tree.children, painters);
  // What is chosen in a list is among its children, which are there only now.
  if (element instanceof HTMLSelectElement) {
    const value = tree.attributes.value;
    if (value !== undefined) element.value = String(value);
  }
}

/** A person may have changed it meanwhile: it is set each time. */
function isKeptByPeople(name: string): boolean {
  return name === 'checked';
}

function setAttribute(
  element: Element,
  name: string,
  value: Branch['attributes'][string],
  isNew: boolean,
): void {
  if (name === 'checked' && element instanceof HTMLInputElement) {
    element.checked = value === true;
    return;
  }
  // What is being typed is not written over.
  if (name === 'value' && element instanceof HTMLInputElement) {
    if (isNew || document.activeElement !== element) element.value = String(value ?? '');
    return;
  }
  if (value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : String(value));
}

/** Listeners look up what is to be done when something happens, so that each is set once. */
function listen(element: Element, former: Branch | undefined): void {
  for (const kind of ['click', 'change', 'input', 'submit', 'close'] as const) {
    if (madeOf.get(element)?.on[kind] === undefined || former?.on[kind] !== undefined) continue;
    element.addEventListener(kind, (event) => {
      const handler = madeOf.get(element)?.on[kind];
      if (handler === undefined) return;
      if (kind === 'submit') event.preventDefault();
      handler(deedOf(element));
    });
  }
}

function deedOf(element: Element): Deed {
  const isField = element instanceof HTMLInputElement || element instanceof HTMLSelectElement;
  const form = element instanceof HTMLFormElement ? new FormData(element) : new FormData();
  const fields = [...form].map(([name, value]) => [name, typeof value === 'string' ? value : '']);
  return {
    value: isField ? element.value : '',
    isChecked: element instanceof HTMLInputElement && element.checked,
    fields: Object.fromEntries(fields) as Deed['fields'],
  };
}
