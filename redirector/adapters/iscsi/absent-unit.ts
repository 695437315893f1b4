import type { Pdu } from '../../../core/iscsi/pdu.js';
import { commandIn } from '../../../core/iscsi/pdu.js';
import {
  INQUIRY,
  NO_SUCH_LUN,
  REQUEST_SENSE,
  SPC_4,
  inquiryIn,
  senseData,
} from '../../../core/iscsi/scsi.js';
import type { Answering } from './own-answer.js';
import { answerData, answerSense } from './own-answer.js';

/** No device can be there, and its type is not known: what INQUIRY says of a LUN that a target does not have. */
const NO_DEVICE = 0x7f;
const RESPONSE_FORMAT = 0x02;
const STANDARD_BYTES = 36;

/** What a target answers for a LUN that it does not have. */
export function answerForAbsent(answering: Answering, pdu: Pdu): void {
  const command = commandIn(pdu);
  switch (command[0]!) {
    case INQUIRY: {
      const data = Buffer.alloc(STANDARD_BYTES, ' ');
      data.set([NO_DEVICE, 0, SPC_4, RESPONSE_FORMAT, STANDARD_BYTES - 5, 0, 0, 0]);
      const { page, allocation } = inquiryIn(command);
      if (page === undefined) answerData(answering, pdu, { data, allocation });
      else answerSense(answering, pdu, NO_SUCH_LUN);
      return;
    }
    case REQUEST_SENSE: {
      const data = senseData(NO_SUCH_LUN).subarray(2);
      answerData(answering, pdu, { data, allocation: command[4]! });
      return;
    }
    default:
      answerSense(answering, pdu, NO_SUCH_LUN);
  }
}
