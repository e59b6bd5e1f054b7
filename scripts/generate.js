/** `npm run generate`: generates the protocol code. */
import { generate } from './prepare.js';

generate();
