import { fail } from '../../core/errors.js';
import { answerAsThread } from '../../core/threads/answering.js';

/* A thread of tests: it counts what it was asked, and fails and ends as it is told. */

let asked = 0;

answerAsThread(async (question: string) => {
  asked++;
  switch (question) {
    case 'count':
      return asked;
    case 'wait':
      return new Promise(() => undefined);
    case 'refuse':
      return fail('ERR_SERVER_UNKNOWN', { server: 's9' });
    case 'throw':
      throw new Error('a defect');
    case 'exit':
      return process.exit(1);
    default:
      await Promise.resolve();
      return question;
  }
});
