import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';

export type ResultFormat = 'time_series' | 'table';

/** Which columns of an answer an annotation is made of. */
export interface AnnotationColumns {
  readonly text: string;
  readonly tags?: string;
  /** Milliseconds: it is a region then. */
  readonly timeEnd?: string;
}

/**
 * One statement of InfluxQL as Grafana's InfluxDB source takes it: the SDK knows none. Fields are those that the source's
 * own editor writes.
 */
export class InfluxQuery implements Builder<Dataquery> {
  readonly #statement: string;
  #refId = 'A';
  #alias: string | undefined;
  #format: ResultFormat = 'time_series';
  #columns: AnnotationColumns | undefined;

  constructor(statement: string) {
    this.#statement = statement;
  }

  refId(refId: string): this {
    this.#refId = refId;
    return this;
  }

  /** How series are named: `$tag_server`, `$col` (a column), or a text. */
  alias(alias: string): this {
    this.#alias = alias;
    return this;
  }

  table(): this {
    this.#format = 'table';
    return this;
  }

  annotation(columns: AnnotationColumns): this {
    this.#columns = columns;
    return this.table();
  }

  build(): Dataquery {
    const { text, tags = '', timeEnd = '' } = this.#columns ?? {};
    const query = {
      _implementsDataqueryVariant: () => undefined,
      refId: this.#refId,
      query: this.#statement,
      rawQuery: true,
      resultFormat: this.#format,
      ...(this.#alias !== undefined && { alias: this.#alias }),
      ...(text !== undefined && {
        fromAnnotations: true,
        textColumn: text,
        tagsColumn: tags,
        timeEndColumn: timeEnd,
      }),
    };
    return query;
  }
}
