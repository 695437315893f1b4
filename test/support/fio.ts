/* fio as tests and benches run it: the demo has it, too. */
export type { FioJob, FioOutcome } from '../../demo/fio.js';
export { FIO, FioLateError, runFio } from '../../demo/fio.js';
