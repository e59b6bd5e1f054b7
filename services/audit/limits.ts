/** The bounds of the audit front, in one place. */

/** At most so many bytes of data and metadata in one append: what every store takes. */
export const maxAppendBytes = 1024 * 1024;
/** At most so many characters in a stream's name and in an event type. */
export const maxNameLength = 256;
/** A request of a front that takes no writes: filters are the largest, and what is not whole yet is held for each call. */
export const maxRequestBytes = 128 * 1024;
/** A request of a front that takes writes: as much as a client would receive. What is over `maxAppendBytes` then has an answer that says so. */
export const maxWriteRequestBytes = 17 * 1024 * 1024;
/** Calls on one connection. */
export const maxCallsOfConnection = 128;
/** Bytes of appends that are held at once, in all calls: unfinished ones, and those that the store has not answered. */
export const maxAppendBytesHeld = 64 * 1024 * 1024;
/** Reads and subscriptions at once: of all, and of one account. Each may hold two pages of the log. */
export const maxReads = 128;
export const maxReadsOfCaller = 32;
/** A filter's prefixes, and the characters of each and of a regular expression. */
export const maxPrefixes = 100;
export const maxPatternLength = 1000;
/** The steps of a compiled regular expression: with {@link maxNameLength} it bounds what one match takes to a few milliseconds. */
export const maxPatternSteps = 300;
