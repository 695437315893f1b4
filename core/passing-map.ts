interface Place<Value> {
  readonly key: number;
  value: Value | undefined;
  /** Another one with the same hash. */
  inBucket: Place<Value> | undefined;
  /** In the order of coming. */
  before: Place<Value> | undefined;
  after: Place<Value> | undefined;
}

const BUCKETS_AT_FIRST = 16;
/** Numbers that follow one another, or differ by the same, are spread by it (2³² over the golden ratio). */
const SPREAD = 0x9e37_79b1;

/**
 * A map by number (32 bits, unsigned) for what comes and goes all the time. V8's own `Map` and `Set` begin a new table every few such
 * changes, and each table leads to the next one: once the oldest has come to be kept (by any full collection), so is all that was in any
 * of them since, until the next full collection. Here, what has gone leads nowhere.
 */
export class PassingMap<Value> {
  #buckets: (Place<Value> | undefined)[] = bucketsOf(BUCKETS_AT_FIRST);
  #shift = 32 - Math.log2(BUCKETS_AT_FIRST);
  #first: Place<Value> | undefined;
  #last: Place<Value> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(key: number): boolean {
    return this.#find(key) !== undefined;
  }

  get(key: number): Value | undefined {
    return this.#find(key)?.value;
  }

  /** A key that is there keeps its place. */
  set(key: number, value: Value): void {
    const known = this.#find(key);
    if (known !== undefined) {
      known.value = value;
      return;
    }
    if (this.#size === this.#buckets.length) this.#grow();
    const last = this.#last;
    const place = { key, value, inBucket: undefined, before: last, after: undefined };
    if (last === undefined) this.#first = place;
    else last.after = place;
    this.#last = place;
    this.#size += 1;
    this.#putIntoBucket(place);
  }

  /** True: it was there. */
  delete(key: number): boolean {
    const at = this.#bucketOf(key);
    let earlier: Place<Value> | undefined;
    let place = this.#buckets[at];
    while (place !== undefined && place.key !== key) {
      earlier = place;
      place = place.inBucket;
    }
    if (place === undefined) return false;
    if (earlier === undefined) this.#buckets[at] = place.inBucket;
    else earlier.inBucket = place.inBucket;
    const { before, after } = place;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    this.#size -= 1;
    empty(place);
    return true;
  }

  clear(): void {
    for (let place = this.#first; place !== undefined;) {
      const { after } = place;
      empty(place);
      place = after;
    }
    this.#buckets.fill(undefined);
    this.#first = this.#last = undefined;
    this.#size = 0;
  }

  /** As they are now, in the order of their coming. */
  values(): Value[] {
    const values: Value[] = [];
    for (let place = this.#first; place !== undefined; place = place.after) {
      values.push(place.value as Value);
    }
    return values;
  }

  #find(key: number): Place<Value> | undefined {
    let place = this.#buckets[this.#bucketOf(key)];
    while (place !== undefined && place.key !== key) place = place.inBucket;
    return place;
  }

  #bucketOf(key: number): number {
    return Math.imul(key, SPREAD) >>> this.#shift;
  }

  #putIntoBucket(place: Place<Value>): void {
    const at = this.#bucketOf(place.key);
    place.inBucket = this.#buckets[at];
    this.#buckets[at] = place;
  }

  #grow(): void {
    this.#buckets = bucketsOf(2 * this.#buckets.length);
    this.#shift -= 1;
    for (let place = this.#first; place !== undefined; place = place.after) {
      this.#putIntoBucket(place);
    }
  }
}

/** So that one that is kept for a while keeps nothing. */
function empty<Value>(place: Place<Value>): void {
  place.value = undefined;
  place.inBucket = place.before = place.after = undefined;
}

function bucketsOf(count: number): undefined[] {
  return new Array<undefined>(count).fill(undefined);
}
