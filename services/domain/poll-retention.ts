/** How long polls are kept where nobody says otherwise. The read models need it too: by it they know what the past can still tell. */

/** In hours. */
export const defaultPollRetentionHours = 24;
