/** The header that makes a Poll call a mere check. */

/** With value 1 a Poll call is no poll: its hello is judged as a poll's, and the call ends, with OK or the refusal. Nothing is admitted. */
export const CHECK_HEADER = 'homeport-check';
