/** Why a PDU is rejected (RFC 7143 §11.17.1). */
export const PROTOCOL_ERROR = 0x04;
export const NOT_SUPPORTED = 0x05;
export const TASK_IN_PROGRESS = 0x07;

export type RejectReason = typeof PROTOCOL_ERROR | typeof NOT_SUPPORTED | typeof TASK_IN_PROGRESS;
