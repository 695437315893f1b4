/* fio as tests and benches run it: the demo has it, too. */
export type { FioJob, FioOperation, FioOutcome, FioTrace } from '../../demo/fio.js';
export { FIO, FioLateError, iscsiJob, runFio, traceFio } from '../../demo/fio.js';
