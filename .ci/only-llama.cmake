# llama.cpp's library without its tools' common code, which nothing here uses: half the time to compile
set(LLAMA_BUILD_COMMON OFF)
