/** Preloaded where tests run: nothing of them, nor of a process they start, leaves this machine, whatever network is chosen. */
process.env.HANDFAST_LOOPBACK_ONLY = '1'
