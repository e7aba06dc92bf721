// How the C library's allocator keeps freed memory. Under a sanitizer, which has an allocator of
// its own, these functions do nothing.
#ifndef RUNNEL_SERVER_BASE_ALLOCATOR_H_
#define RUNNEL_SERVER_BASE_ALLOCATOR_H_

namespace runnel::server {

// Makes the allocator return memory to the system early. Call it before any thread is started.
void TuneAllocator();

// Returns the memory that was freed to the system. Takes milliseconds: call it after something
// large has gone, such as a model or a training job.
void ReturnFreedMemory();

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_BASE_ALLOCATOR_H_
