/*
 * What a page shows, as data: elements made of text and of each other. Pages are plain functions from answers to
 * trees, so that tests read them without a browser; patch.ts brings a tree onto the screen. Nothing is ever parsed as HTML, so a
 * name is only a name.
 */

/** What a person did to an element, as far as a page wants to know. */
export interface Deed {
  readonly value: string;
  readonly isChecked: boolean;
  /** Of a form: its named fields. */
  readonly fields: Readonly<Record<string, string>>;
}

export type Handler = (deed: Deed) => void;

export type Attribute = string | number | boolean | undefined;

/** What is drawn into an element by hand: which painter, and what. All in the element is the painter's. */
export interface Painting {
  readonly by: string;
  readonly model: unknown;
}

export interface Branch {
  readonly tag: string;
  /** Of the same key among its siblings it is the same element, wherever it stands. */
  readonly key: string | undefined;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly on: Readonly<Partial<Record<DeedKind, Handler>>>;
  readonly painting: Painting | undefined;
  readonly children: readonly Tree[];
}

export type DeedKind = 'click' | 'change' | 'input' | 'submit' | 'close';
export type Tree = Branch | string;
/** Lists are laid flat, what is missing is left out. */
export type Child = Tree | number | null | undefined | false | readonly Child[];

export interface Properties {
  readonly key?: string;
  readonly on?: Branch['on'];
  readonly painting?: Painting;
  readonly [attribute: string]: Attribute | Branch['on'] | Painting;
}

export function h(tag: string, properties: Properties = {}, ...children: readonly Child[]): Branch {
  const { key, on = {}, painting, ...attributes } = properties;
  return {
    tag,
    key,
    on,
    painting,
    attributes: attributes as Branch['attributes'],
    children: children.flatMap(flat),
  };
}

function flat(child: Child): Tree[] {
  if (child === null || child === undefined || child === false || child === '') return [];
  if (typeof child === 'number') return [String(child)];
  if (typeof child === 'string') return [child];
  return isList(child) ? child.flatMap(flat) : [child];
}

function isList(child: Branch | readonly Child[]): child is readonly Child[] {
  return Array.isArray(child);
}

/** All that can be read in a tree, as one line: what a test or a screen reader has of it. */
export function textIn(tree: Child): string {
  return flat(tree)
    .map((each) => (typeof each === 'string' ? each : textIn(each.children)))
    .join(' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Every element of a tree that fits. */
export function branchesIn(tree: Child, fits: (branch: Branch) => boolean): Branch[] {
  return flat(tree).flatMap((each) =>
    typeof each === 'string'
      ? []
      : [...(fits(each) ? [each] : []), ...branchesIn(each.children, fits)],
  );
}
