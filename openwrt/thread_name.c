/* Replaces musl's function, which can name other threads and needs printf for that. Rust's std names
   only the calling thread. */

#include <errno.h>
#include <pthread.h>
#include <sys/prctl.h>

int pthread_setname_np(pthread_t thread, const char *name)
{
	if (thread != pthread_self()) return ENOSYS;
	return prctl(PR_SET_NAME, (unsigned long)name, 0UL, 0UL, 0UL) ? errno : 0;
}
