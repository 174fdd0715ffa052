/** The product's version, as agents and conductors report it. */
export const version = '0.1.0'
