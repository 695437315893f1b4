import type { MessageLimits, MessageSink } from './message-reader.js';
import { MESSAGE_LIMITS, MessageReader } from './message-reader.js';
import type { RequestHead } from './request-head.js';
import { RequestHeadParser } from './request-head.js';

/** The requests that a client sends on one connection. */
export class RequestReader extends MessageReader<RequestHead> {
  constructor(sink: MessageSink<RequestHead>, limits: MessageLimits = MESSAGE_LIMITS) {
    super(new RequestHeadParser(limits.head), limits, sink);
  }
}
