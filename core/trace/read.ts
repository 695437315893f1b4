import { createReadStream } from 'node:fs';
import { Writable } from 'node:stream';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { CsvError, parse } from 'csv-parse';
import { codeOf, fail } from '../errors.js';
import { messageOf } from '../text.js';
import { TraceBuilder } from './builder.js';
import type { TraceLimits } from './limits.js';
import { TRACE_LIMITS } from './limits.js';
import type { Trace } from './trace.js';
import { TRACE_HEADER } from './trace.js';

export interface ReadTraceOptions {
  /** How long a step is; default the commonest time between two rows of a resource. */
  readonly stepMs?: number;
  readonly limits?: Partial<TraceLimits>;
  readonly signal?: AbortSignal;
}

/**
 * Reads a trace file, `.csv` or `.csv.gz`: the header `timestamp,resource,cpu,memory,network,hits`, then
 * a row a resource and step, the rows of a resource together and in the order of time; `timestamp` in
 * epoch milliseconds, a load finite and not negative, or empty. Nothing of a file with a fault is used.
 * @throws ERR_TRACE_INVALID — with file, line, what and fix; ERR_TRACE_OVERSIZED, ERR_TRACE_UNREADABLE
 */
export async function readTrace(path: string, options: ReadTraceOptions = {}): Promise<Trace> {
  return parseTrace(createReadStream(path), {
    ...options,
    file: path,
    isCompressed: path.endsWith('.gz'),
  });
}

export interface ParseTraceOptions extends ReadTraceOptions {
  /** As messages name it. */
  readonly file: string;
  /** By gzip. */
  readonly isCompressed?: boolean;
}

/** As `readTrace`, from any stream of bytes. */
export async function parseTrace(source: Readable, options: ParseTraceOptions): Promise<Trace> {
  const { file, isCompressed = false, signal } = options;
  const limits = { ...TRACE_LIMITS, ...options.limits };
  const builder = new TraceBuilder({ file, stepMs: options.stepMs, limits });
  const parser = parse({
    bom: true,
    relax_column_count: true,
    max_record_size: limits.lineBytesMax,
    // Taken here and not handed on: a stream of objects costs more than the parsing.
    on_record: (fields: string[], { lines }) => {
      builder.add(fields, lines);
      return null;
    },
  });
  const streams = isCompressed ? [source, createGunzip(), parser] : [source, parser];
  try {
    await pipeline([...streams, new Nothing()], signal === undefined ? {} : { signal });
  } catch (error) {
    if (codeOf(error) !== undefined || signal?.aborted === true) throw error;
    if (error instanceof CsvError) {
      return fail('ERR_TRACE_INVALID', {
        file,
        line: parser.info.lines,
        what: whatOf(error, limits),
        fix: `Write one line a row, its fields parted by commas: ${TRACE_HEADER.join(',')}`,
      });
    }
    return fail('ERR_TRACE_UNREADABLE', { file, why: messageOf(error) }, { cause: error });
  }
  return builder.finish();
}

function whatOf(error: CsvError, { lineBytesMax }: TraceLimits): string {
  if (error.code === 'CSV_MAX_RECORD_SIZE') return `longer than ${lineBytesMax} bytes`;
  return `not CSV (${error.code})`;
}

/** The end of a pipeline whose parts have taken all there is. */
class Nothing extends Writable {
  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done();
  }
}
